"""From a configuration to a source: how one is put together."""

from vereda.census.sources.browser import Browser
from vereda.census.sources.captcha import TWOCAPTCHA_URL, CaptchaSolver, NoSolver, TwoCaptcha
from vereda.census.sources.census import CensusSource
from vereda.census.sources.config import KNOWN_SOLVERS, KNOWN_SOURCES, SourceConfig
from vereda.census.sources.port import Source


def build_source(config: SourceConfig) -> Source:
    """Return the source. Starts nothing. Raises ValueError for a name that nobody knows."""
    if config.name not in KNOWN_SOURCES:
        raise ValueError(f"no census source is called {config.name!r}; known: {', '.join(KNOWN_SOURCES)}")
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
