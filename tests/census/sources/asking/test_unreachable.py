"""Which failures say that a site could not be reached, so that another source may be asked: nothing else may."""

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from tests.census.sources.asking.loop import LoopThread
from tests.census.sources.asking.processes import chromiums, kill
from tests.census.sources.asking.stub_site import WIDGET, StubSite, hang, page
from tests.census.sources.conftest import MakeSource
from tests.census.sources.reading.replies import CEDULA
from vereda.census.sources.asking.browser import Browser
from vereda.census.sources.asking.captcha import NoSolver
from vereda.census.sources.asking.page import CensusSource
from vereda.census.sources.port import Failure, Fault, LookupHooks

type Load = Callable[[web.Request], Awaitable[web.StreamResponse]]

BLOCK = "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected.</body></html>"


def saying(text: str, status: int = 200) -> Load:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=status, content_type="text/html")

    return answer


def look_up(loop: LoopThread, make_source: MakeSource, site: StubSite, *, seconds: float = 20.0) -> Failure:
    async def at_site() -> object:
        async with site.listening() as url:
            source = make_source(url, captcha=NoSolver(), seconds=seconds)
            return await source.lookup(LookupHooks(CEDULA))

    outcome = loop.run(at_site())
    assert isinstance(outcome, Failure)
    return outcome


def test_a_site_that_is_not_there_is_out_of_reach(loop: LoopThread, make_source: MakeSource) -> None:
    outcome = loop.run(make_source("http://127.0.0.1:9/censo/consultar/").lookup(LookupHooks(CEDULA)))

    assert isinstance(outcome, Failure)
    assert (outcome.status, outcome.is_unreachable) == ("network_error", True)


@pytest.mark.parametrize(
    ("load", "status"),
    [
        (saying("<h1>Gateway timeout</h1>", 504), "network_error"),
        (saying("<p>La información se encuentra en actualización. Intente más tarde.</p>"), "network_error"),
        (hang, "timeout"),
    ],
    ids=["outage", "maintenance", "silence"],
)
def test_a_site_without_a_page_for_us_is_out_of_reach(
    loop: LoopThread, make_source: MakeSource, load: Load, status: str
) -> None:
    failure = look_up(loop, make_source, StubSite(load=load), seconds=4)

    assert (failure.status, failure.is_unreachable) == (status, True)


@pytest.mark.parametrize(
    ("stub", "status"),
    [
        (StubSite(load=saying(BLOCK)), "blocked"),
        (StubSite(load=saying("<h1>Trámites y servicios</h1>")), "parse_error"),
        (StubSite(html=page(widget=WIDGET)), "captcha_failed"),
        (StubSite(answer=hang), "timeout"),
        (StubSite(answer=saying("", 504)), "network_error"),
        (StubSite(answer=saying(BLOCK)), "blocked"),
    ],
    ids=["block", "unknown page", "captcha", "no reply", "failing reply", "block as reply"],
)
def test_a_site_that_was_reached_is_not_out_of_reach_whatever_it_does(
    loop: LoopThread, make_source: MakeSource, stub: StubSite, status: str
) -> None:
    failure = look_up(loop, make_source, stub, seconds=4)

    assert (failure.status, failure.is_unreachable) == (status, False)


@pytest.mark.parametrize("ending", ["95", "94", "93", "92", "91", "88", "82", "80"])
def test_after_the_question_was_asked_no_mood_of_the_practice_site_is_taken_for_one(
    loop: LoopThread, make_source: MakeSource, ending: str
) -> None:
    outcome = loop.run(make_source(seconds=3).lookup(LookupHooks(f"9009001{ending}")))

    assert isinstance(outcome, Failure)
    assert not outcome.is_unreachable


def test_a_browser_that_dies_while_its_page_loads_says_nothing_about_the_site(loop: LoopThread) -> None:
    before = chromiums()

    async def kill_the_browser(request: web.Request) -> web.StreamResponse:
        kill(chromiums() - before)
        return await hang(request)

    async def at_site() -> object:
        async with StubSite(load=kill_the_browser).listening() as url:
            source = CensusSource("x", url, browser=Browser(), solver=NoSolver())
            try:
                return await source.lookup(LookupHooks(CEDULA))
            finally:
                await source.close()

    outcome = loop.run(at_site())
    assert isinstance(outcome, Failure)
    assert (outcome.fault, outcome.is_unreachable) == (Fault.BROWSER_LOST, False)
