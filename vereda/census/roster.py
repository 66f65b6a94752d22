"""The roster: the list of sources in the order in which they are asked, with the settings of each.

A setting for each source is a list in the order of `CENSUS_SOURCE`; its last value is for all further ones.
"""

from collections.abc import Sequence

from django.conf import settings

from vereda.census.sources.config import SourceConfig


def names() -> list[str]:
    """Return the sources in their order, without those that need a token and have none."""
    return [name for name in settings.CENSUS_SOURCE if name != "verifik" or settings.VERIFIK_TOKEN]


def pace_seconds(source: str) -> float:
    """Return the least seconds between two lookups' starts."""
    return _of(source, settings.CENSUS_PACE_SECONDS)


def daily_lookups(source: str) -> int | None:
    """Return the most lookups in a day; None for no ceiling."""
    return _of(source, settings.CENSUS_DAILY_LOOKUPS)


def configuration(source: str) -> SourceConfig:
    return SourceConfig(
        name=source,
        url=dict(zip(settings.CENSUS_SOURCE, settings.CENSUS_URL, strict=False)).get(source, ""),
        timeout_seconds=settings.CENSUS_TIMEOUT_SECONDS,
        token=settings.VERIFIK_TOKEN,
        captcha_solver=settings.CAPTCHA_SOLVER,
        captcha_key=settings.TWOCAPTCHA_API_KEY,
        captcha_url=settings.TWOCAPTCHA_URL,
        captcha_poll_seconds=settings.TWOCAPTCHA_POLL_SECONDS,
        browser_executable=settings.BROWSER_EXECUTABLE,
        browser_headless=settings.BROWSER_HEADLESS,
    )


def _of[T](source: str, values: Sequence[T]) -> T:
    """Return a source's value; a source that is not configured has the last one."""
    place = settings.CENSUS_SOURCE.index(source) if source in settings.CENSUS_SOURCE else len(values)
    return values[min(place, len(values) - 1)]
