"""Several sources in order, for tests: the configured one and two more that nobody else knows."""

from datetime import timedelta
from typing import Any

from vereda.census.models import SourceState
from vereda.census.sources.port import Failure, FailureKind, Found

SOURCES = ["practice", "spare", "last"]
FIRST, SPARE, LAST = SOURCES
AWAY = Failure(FailureKind.NETWORK_ERROR, "the site could not be reached (ERR_CONNECTION_REFUSED)", is_unreachable=True)
PLACE = Found("PASTO", "IE EL SAUCE", "4")
HOUR = timedelta(hours=1)


def put(source: str, **fields: Any) -> None:
    """Set the state of a source."""
    SourceState.objects.update_or_create(source=source, defaults=fields)


def state(source: str) -> SourceState:
    return SourceState.objects.get(source=source)
