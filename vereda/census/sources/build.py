"""Builds sources from their configurations."""

from collections.abc import Sequence

from vereda.census.sources.asking.browser import Browser
from vereda.census.sources.asking.captcha import TWOCAPTCHA_URL, CaptchaSolver, NoSolver, TwoCaptcha
from vereda.census.sources.asking.page import CensusSource
from vereda.census.sources.asking.verifik import VerifikSource
from vereda.census.sources.config import KNOWN_SOLVERS, KNOWN_SOURCES, SourceConfig, SourceKind
from vereda.census.sources.port import Source


def build_sources(configs: Sequence[SourceConfig]) -> list[Source]:
    """Return the sources; those that open pages share one browser. Starts nothing.

    Raises ValueError for an unknown name, and for no configuration.
    """
    if not configs:
        raise ValueError("no census source is configured; see CENSUS_SOURCE")
    browser = Browser(configs[0].browser_executable, headless=configs[0].browser_headless)
    return [_build_source(config, browser) for config in configs]


def _build_source(config: SourceConfig, browser: Browser) -> Source:
    if config.name not in KNOWN_SOURCES:
        raise ValueError(f"no census source is called {config.name!r}; known: {', '.join(KNOWN_SOURCES)}")
    match KNOWN_SOURCES[config.name].kind:
        case SourceKind.PAGE:
            return CensusSource(
                config.name,
                config.address,
                browser=browser,
                solver=build_solver(config),
                timeout_seconds=config.timeout_seconds,
            )
        case SourceKind.API:
            return VerifikSource(
                config.name, config.address, token=config.token, timeout_seconds=config.timeout_seconds
            )


def build_solver(config: SourceConfig) -> CaptchaSolver:
    """Raises ValueError for an unknown name."""
    match config.captcha_solver:
        case "none":
            return NoSolver()
        case "2captcha":
            return TwoCaptcha(
                config.captcha_key, config.captcha_url or TWOCAPTCHA_URL, poll_seconds=config.captcha_poll_seconds
            )
        case unknown:
            raise ValueError(f"no captcha solver is called {unknown!r}; known: {', '.join(KNOWN_SOLVERS)}")
