"""What these tests share: a loop, a practice site, and one browser for all that do not harm it."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from practice.server import PracticeServer
from tests.census.sources.asking.loop import LoopThread
from vereda.census.sources.asking.browser import Browser
from vereda.census.sources.asking.captcha import CaptchaSolver, TwoCaptcha
from vereda.census.sources.asking.page import CensusSource
from vereda.census.sources.port import LookupHooks, Outcome


@pytest.fixture(scope="session")
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.stop()


@pytest.fixture(scope="session")
def site() -> Iterator[PracticeServer]:
    with PracticeServer(slow_seconds=0.5) as server:
        yield server


@pytest.fixture(scope="session")
def shared_browser(loop: LoopThread) -> Iterator[Browser]:
    browser = Browser()
    yield browser
    loop.run(browser.close())


@pytest.fixture
def solver(site: PracticeServer) -> TwoCaptcha:
    return TwoCaptcha("una-clave", site.captcha_url, poll_seconds=0.01)


@pytest.fixture(scope="session")
def practised(loop: LoopThread, site: PracticeServer, shared_browser: Browser) -> Callable[[str], Outcome]:
    """What the practice site said about a cédula through the browser, asked once however many tests want to know."""
    solver = TwoCaptcha("una-clave", site.captcha_url, poll_seconds=0.01)
    source = CensusSource("practice", site.census_url, browser=shared_browser, solver=solver, timeout_seconds=30)

    @cache
    def ask(cedula: str) -> Outcome:
        return loop.run(source.lookup(LookupHooks(cedula)))

    return ask


type Practised = Callable[[str], Outcome]
type MakeSource = Callable[..., CensusSource]


@pytest.fixture
def make_source(shared_browser: Browser, site: PracticeServer, solver: TwoCaptcha) -> MakeSource:
    """Make a source at the practice site, or at another address."""

    def make(url: str = "", *, query: str = "", seconds: float = 30.0, captcha: CaptchaSolver = solver) -> CensusSource:
        return CensusSource(
            "practice",
            (url or site.census_url) + query,
            browser=shared_browser,
            solver=captcha,
            timeout_seconds=seconds,
        )

    return make
