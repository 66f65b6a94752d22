"""From settings to a source: which sources and captcha solvers there are, and how one is put together."""

from dataclasses import dataclass, field

from vereda.census.sources.browser import Browser
from vereda.census.sources.captcha import TWOCAPTCHA_URL, CaptchaSolver, NoSolver, TwoCaptcha
from vereda.census.sources.census import CensusSource
from vereda.census.sources.fake import FakeSource
from vereda.census.sources.port import Source

KNOWN_SOURCES = {
    "practice": "http://127.0.0.1:8800/censo/consultar/",
    "registraduria": "https://wsp.registraduria.gov.co/censo/consultar/",
    "fake": "",
}
"""The sources by name, with the page that each opens unless told otherwise."""

KNOWN_SOLVERS = ("none", "2captcha")


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """What a source is made of. An empty `url`, `captcha_url` or `browser_executable` means the usual one."""

    name: str
    url: str = ""
    timeout_seconds: float = 90.0
    captcha_solver: str = "none"
    captcha_key: str = field(default="", repr=False)
    captcha_url: str = ""
    captcha_poll_seconds: float = 5.0
    browser_executable: str = ""
    browser_headless: bool = True


def build_source(config: SourceConfig) -> Source:
    """Return the source. Starts nothing. Raises ValueError for a name that nobody knows."""
    if config.name not in KNOWN_SOURCES:
        raise ValueError(f"no census source is called {config.name!r}; known: {', '.join(KNOWN_SOURCES)}")
    if config.name == "fake":
        return FakeSource()
    return CensusSource(
        config.name,
        config.url or KNOWN_SOURCES[config.name],
        browser=Browser(config.browser_executable, headless=config.browser_headless),
        solver=build_solver(config),
        timeout_seconds=config.timeout_seconds,
    )


def build_solver(config: SourceConfig) -> CaptchaSolver:
    """Return the captcha solver. Raises ValueError for a name that nobody knows."""
    match config.captcha_solver:
        case "none":
            return NoSolver()
        case "2captcha":
            return TwoCaptcha(
                config.captcha_key, config.captcha_url or TWOCAPTCHA_URL, poll_seconds=config.captcha_poll_seconds
            )
        case unknown:
            raise ValueError(f"no captcha solver is called {unknown!r}; known: {', '.join(KNOWN_SOLVERS)}")
