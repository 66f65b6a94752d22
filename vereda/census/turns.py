"""A waiting person's position in the queue and how long it may take, or why everybody waits."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, F, IntegerField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from vereda.census import gate, roster, wording
from vereda.census.models import CedulaInfo, SourceState, Worker
from vereda.census.statuses import ClosedReason, Status

FIRST_GUESS_SECONDS = 30.0
"""The estimate for a lookup as long as none has ended: what a captcha usually takes."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a waiting person reads: a position and an estimate in seconds, or a notice and until when it holds."""

    position: int = 0
    seconds: int = 0
    notice: str = ""
    until: datetime | None = None
    is_tomorrow: bool = False

    @property
    def estimate(self) -> str:
        """The seconds as people say them."""
        if self.seconds < 120:
            return f"unos {self.seconds} s"
        minutes = math.ceil(self.seconds / 60)
        return f"unos {minutes} min" if minutes < 120 else f"unas {math.ceil(minutes / 60)} h"

    @property
    def remaining(self) -> str:
        """The seconds as what is left of something that goes on."""
        return f"faltan {self.estimate}"

    @property
    def key(self) -> str:
        """Differs for two turns that look different on the page."""
        return f"{self.position}.{self.seconds}.{int(self.until.timestamp()) if self.until else 0}.{len(self.notice)}"


def turn_of(record: CedulaInfo, now: datetime) -> Turn | None:
    """Return the turn of a record that waits, by one query.

    None for one that is in flight or final, or that only waits for its own next attempt.
    """
    if record.status != Status.PENDING or record.pk is None:
        return None
    ahead = CedulaInfo.objects.ahead_of(record, now).order_by().values("status").annotate(number=Count("pk"))
    states = _in_order(_states(now).annotate(ahead=_number(ahead), wait=F("free_at") - gate.Clock()))
    if not states:
        return None
    state, closed = gate.choose(states, now)
    is_due = record.next_at <= now
    if closed is not None and (is_due or closed.until is None or closed.until > record.next_at):
        return _closed(closed, now)
    if not is_due:
        return None
    if not state.workers:
        return Turn(notice=wording.NO_WORKER)
    seconds = _estimate(state, ahead=state.ahead, workers=state.workers, wait=state.wait)
    return Turn(position=state.ahead + 1, seconds=seconds)


def notice(now: datetime) -> Turn | None:
    """Return why everybody waits, by one query; None while lookups go on."""
    states = _in_order(_states(now))
    if not states:
        return None
    state, closed = gate.choose(states, now)
    if closed is not None:
        return _closed(closed, now)
    return None if state.workers else Turn(notice=wording.NO_WORKER)


def _states(now: datetime) -> QuerySet[Any, Any]:
    """Return the sources' states, each with the number of workers that can look people up."""
    workers = Worker.objects.alive(now).filter(fault="").order_by()
    hosts = workers.annotate(all=Value(1)).values("all").annotate(number=Count("pk"))
    return SourceState.objects.filter(source__in=roster.names()).annotate(workers=_number(hosts))


def _in_order(states: QuerySet[Any, Any]) -> list[Any]:
    """Return the states in the order in which their sources are asked."""
    return sorted(states, key=lambda state: roster.names().index(state.source))


def _number(rows: QuerySet[Any, Any]) -> Coalesce:
    """Return the count of grouped rows as a subquery."""
    return Coalesce(Subquery(rows.values("number"), output_field=IntegerField()), 0)


def _estimate(state: SourceState, *, ahead: int, workers: int, wait: float) -> int:
    """Return the seconds until the answer, rounded up to five: by the pace or, if slower, by `CENSUS_IN_FLIGHT`."""
    usual = state.usual_seconds or FIRST_GUESS_SECONDS
    pace = gate.step_seconds(state.source)
    step = max(pace, usual / (settings.CENSUS_IN_FLIGHT * workers))
    first = min(max(0.0, wait), pace)
    return 5 * math.ceil((first + ahead * step + usual) / 5)


def _closed(closed: gate.Closed, now: datetime) -> Turn:
    until = None if closed.reason is ClosedReason.PROBING else closed.until
    is_tomorrow = until is not None and timezone.localdate(until) != timezone.localdate(now)
    return Turn(notice=wording.of_closed(closed.reason), until=until, is_tomorrow=is_tomorrow)
