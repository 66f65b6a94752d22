"""The gate: may a lookup start at a source now, and if not, when?

Four things may keep it closed: the pace, a rest after repeated trouble, the day's ceilings, and the operator's switch.
They are one row per source (a rate limit and a circuit breaker), which every worker of every host locks right before
it sends a page's request. A **rest** is the breaker's open time; the one lookup after it is the **probe**. A slot of
the pace is taken by the database's clock, when it is used and never ahead of time: so a clock that jumps, a worker that
freezes and a lookup that is cancelled leave no slot behind that others would wait for.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, FloatField, Func, When
from django.db.models.functions import Greatest
from django.utils import timezone

from vereda.census import roster, rules
from vereda.census.models import SourceState
from vereda.census.sources.port import FailureKind
from vereda.census.statuses import ClosedReason

# All tolerances of the pace:
MARGIN = 0.02
"""This part of the pace is added to it, for what varies between a request's sending and its arrival at the site."""

LATEST_SLOT = 0.5
"""A slot that is heard of later than this part of the pace is not used: another worker may have the next one."""

LONGEST_WAIT_SECONDS = 60.0
"""A slot further away than this and than the pace is wrong: the clock has jumped backwards."""

_WEIGHT_OF_LATEST = 0.2
_REASONS = {FailureKind.CAPTCHA_FAILED: ClosedReason.NO_CAPTCHA}
"""Why a source rests after failures of a kind that are not the site's."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Why the gate is closed, and until when; `until` is None where only a person can open it."""

    reason: ClosedReason
    until: datetime | None


class Clock(Func):
    """The database's clock, in seconds since the epoch. Only here do databases differ in it."""

    output_field = FloatField()

    def as_sqlite(self, *_: Any, **__: Any) -> tuple[str, tuple[()]]:
        """Exact to a millisecond."""
        return "((julianday('now') - 2440587.5) * 86400.0)", ()

    def as_postgresql(self, *_: Any, **__: Any) -> tuple[str, tuple[()]]:
        """Unlike now(), this clock runs on during a transaction."""
        return "extract(epoch from clock_timestamp())::double precision", ()


CEILINGS = (ClosedReason.LOOKUPS_SPENT, ClosedReason.MONEY_SPENT)
"""For these the next source is not asked meanwhile: they limit what is asked and spent in all."""

FAULT_SECONDS = 300.0
"""How long a source rests for a fault of ours: then one probe finds out whether the operator has mended it."""

CHANGED_SECONDS = 3600.0
"""How long a source rests whose pages cannot be read: one probe an hour."""


def step_seconds(source: str) -> float:
    return roster.pace_seconds(source) * (1 + MARGIN)


def state_of(source: str) -> SourceState:
    return SourceState.objects.get_or_create(source=source)[0]


def choose[S: SourceState](states: Sequence[S], now: datetime) -> tuple[S, Closed | None]:
    """Return which of these sources is to be asked, and why it is closed, None if it is open.

    One that rests or is paused is skipped for the next; with all of them closed, it is the one that opens first.
    """
    closed_ones = []
    for state in states:
        closed = why_closed(state, now)
        if closed is None or closed.reason in CEILINGS:
            return state, closed
        closed_ones.append((state, closed))
    return min(closed_ones, key=lambda pair: pair[1].until.timestamp() if pair[1].until else math.inf)


def open_source(sources: Sequence[str], now: datetime) -> str | Closed:
    """Return the source that a lookup may start at now, apart from its pace, or why all of these are closed."""
    found = SourceState.objects.in_bulk(sources)
    state, closed = choose([found.get(source) or state_of(source) for source in sources], now)
    return closed or state.source


def why_closed(state: SourceState, now: datetime) -> Closed | None:
    """Return why a source is closed, apart from its pace; None if it is open."""
    if state.is_paused:
        return Closed(ClosedReason.PAUSED, None)
    if state.rests_until is not None and state.rests_until > now:
        return Closed(ClosedReason(state.rest_reason or ClosedReason.RESTING), state.rests_until)
    if state.rests and state.probe_until is not None and state.probe_until > now:
        return Closed(ClosedReason.PROBING, state.probe_until)
    is_today = state.day == timezone.localdate(now)
    for spent, ceiling, reason in (
        (state.day_lookups, roster.daily_lookups(state.source), ClosedReason.LOOKUPS_SPENT),
        (state.day_dollars, settings.CAPTCHA_DAILY_DOLLARS, ClosedReason.MONEY_SPENT),
    ):
        if ceiling is not None and (spent if is_today else 0) >= ceiling:
            return Closed(reason, _next_midnight(now) if ceiling > 0 else None)
    return None


@transaction.atomic
def enter(source: str, now: datetime) -> Closed | float:
    """Take the slot that is free now and return 0.0; else return the seconds until the next one, or why it is closed.

    Whoever takes the first slot after a rest is the probe: the gate stays closed until its outcome is known.
    """
    state = _locked(source)
    closed = why_closed(state, now)
    if closed is not None:
        return closed
    wait = state.free_at - _clock(source)
    if 0 < wait <= max(LONGEST_WAIT_SECONDS, step_seconds(source)):
        return wait
    _begin_day(state, timezone.localdate(now))
    state.day_lookups += 1
    state.probe_until = _probe_until(now) if state.rests else None
    state.save(update_fields=["day", "day_lookups", "day_dollars", "probe_until"])
    _next_slot_in(source, step_seconds(source))
    return 0.0


def sent(source: str) -> None:
    """Count the pace from now on: the request with the last slot was only now sent, some milliseconds after it."""
    _next_slot_in(source, step_seconds(source))


def _locked(source: str) -> SourceState:
    """Return the source's row, which stays locked until the transaction ends."""
    state_of(source)
    return SourceState.objects.select_for_update().get(source=source)


def _clock(source: str) -> float:
    """Return the database's clock, asked once the lock is had."""
    seconds: float = SourceState.objects.filter(source=source).values_list(Clock(), flat=True).get()
    return seconds


def _next_slot_in(source: str, seconds: float) -> None:
    SourceState.objects.filter(source=source).update(free_at=Clock() + seconds)


def _begin_day(state: SourceState, today: date) -> None:
    if state.day != today:
        state.day, state.day_lookups, state.day_dollars = today, 0, Decimal(0)


def release_probe(source: str, entered_at: datetime) -> None:
    """End the probe that entered at a time, because it brings no outcome: the next lookup may be the probe."""
    SourceState.objects.filter(source=source, probe_until=_probe_until(entered_at)).update(probe_until=None)


def note_answer(source: str, seconds: float) -> None:
    """Store that the source answered, after so many seconds: it works, so a rest ends."""
    SourceState.objects.filter(source=source).update(
        troubles=0,
        rests=0,
        rests_until=None,
        rest_reason="",
        probe_until=None,
        usual_seconds=Case(
            When(usual_seconds=0, then=seconds),
            default=F("usual_seconds") * (1 - _WEIGHT_OF_LATEST) + seconds * _WEIGHT_OF_LATEST,
        ),
    )


@transaction.atomic
def note_failure(source: str, kind: FailureKind, now: datetime) -> datetime | None:
    """Count a failure; return until when the source rests, None while it does not.

    What fails during a rest has started before it, and does not make it longer.
    """
    state = SourceState.objects.select_for_update().filter(source=source).first()
    if state is None:
        return None  # no lookup ever entered here: the demo's people
    if state.rests_until is not None and state.rests_until > now:
        return state.rests_until
    if not rules.is_trouble(kind):
        end_rest(source)
        return None
    state.troubles += 1
    must_rest = state.troubles >= settings.CENSUS_BREAKER_FAILURES
    if must_rest:
        seconds = rules.rest_seconds(rests=state.rests, first_seconds=settings.CENSUS_REST_SECONDS)
        state.rests_until, state.probe_until = now + timedelta(seconds=seconds), None
        state.rest_reason = _REASONS.get(kind, ClosedReason.RESTING)
        state.rests += 1
    state.save(update_fields=["troubles", "rests", "rests_until", "rest_reason", "probe_until"])
    return state.rests_until if must_rest else None


def rest(source: str, reason: ClosedReason, now: datetime, seconds: float) -> datetime:
    """Let a source rest for a reason that is no trouble of its own; return until when."""
    until = now + timedelta(seconds=seconds)
    SourceState.objects.filter(source=source).update(
        rests=Greatest(F("rests"), 1), rests_until=until, rest_reason=reason, probe_until=None
    )
    return until


def end_rest(source: str) -> None:
    """Open a source again, and forget its failures."""
    SourceState.objects.filter(source=source).update(
        troubles=0, rests=0, rests_until=None, rest_reason="", probe_until=None
    )


def switch(source: str, *, is_paused: bool) -> None:
    SourceState.objects.filter(source=source).update(is_paused=is_paused)


def spend(source: str, dollars: Decimal) -> None:
    SourceState.objects.filter(source=source).update(day_dollars=F("day_dollars") + dollars)


def _probe_until(entered_at: datetime) -> datetime:
    """Return until when a probe's outcome is waited for, by when it entered."""
    return entered_at + timedelta(seconds=rules.claim_seconds(settings.CENSUS_TIMEOUT_SECONDS))


def _next_midnight(now: datetime) -> datetime:
    tomorrow = timezone.localdate(now) + timedelta(days=1)
    return timezone.make_aware(datetime.combine(tomorrow, time()))
