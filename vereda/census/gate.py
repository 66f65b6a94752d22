"""The gate: may a lookup start at a source now, and if not, when?

Four things may keep it closed: the pace, a rest after repeated trouble, the day's ceilings, and the operator's switch.
They are one row per source (a rate limit and a circuit breaker), which every worker of every host asks right before it
sends a page's request. A **rest** is the breaker's open time; the one lookup after it is the **probe**. A slot of the
pace is taken by one atomic statement, by the database's clock, when it is used and never ahead of time: so a clock that
jumps, a worker that freezes and a lookup that is cancelled leave no slot behind that others would wait for.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, FloatField, Func, Q, QuerySet, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from vereda.census import roster, rules
from vereda.census.models import SourceState
from vereda.census.sources.port import FailureKind
from vereda.census.statuses import ClosedReason

MARGIN = 0.04
"""This part of the pace is added to it. One half lets a slot that is taken late count as punctual, the other is for
what varies between a slot and the request's arrival at the site. Two starts still stay a pace apart."""

LONGEST_WAIT_SECONDS = 60.0
"""A slot further away than this and than the pace is wrong: the clock has jumped backwards."""

_WEIGHT_OF_LATEST = 0.2


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


FALLBACK_REASONS = (ClosedReason.PAUSED, ClosedReason.RESTING, ClosedReason.PROBING)
"""For these the next source is asked meanwhile. Not for a ceiling: it limits what is asked and spent in all."""


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
        if closed is None or closed.reason not in FALLBACK_REASONS:
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
        return Closed(ClosedReason.RESTING, state.rests_until)
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


def enter(source: str, now: datetime) -> Closed | float:
    """Take the slot that is free now and return 0.0; else return the seconds until the next one, or why it is closed.

    Whoever takes the first slot after a rest is the probe: the gate stays closed until its outcome is known.
    """
    state_of(source)
    state = SourceState.objects.annotate(wait=F("free_at") - Clock()).get(source=source)
    closed = why_closed(state, now)
    if closed is not None:
        return closed
    step = step_seconds(source)
    longest = max(LONGEST_WAIT_SECONDS, step)
    wait: float = state.wait
    if 0 < wait <= longest:
        return wait
    return 0.0 if _take(source, now, longest) else min(1.0, step)


def _take(source: str, now: datetime, longest: float) -> bool:
    """Take the slot by one UPDATE, if what `enter` has read still holds."""
    today = timezone.localdate(now)
    slack = roster.pace_seconds(source) * MARGIN / 2
    is_free = Q(free_at__lte=Clock())
    return (
        _open_to(source, now)
        .filter(is_free | Q(free_at__gt=Clock() + longest))
        .update(
            free_at=Case(When(is_free, then=Greatest(F("free_at"), Clock() - slack)), default=Clock())
            + step_seconds(source),
            probe_until=Case(When(rests__gt=0, then=Value(_probe_until(now))), default=None),
            day=today,
            day_lookups=Case(When(day=today, then=F("day_lookups") + 1), default=1),
            day_dollars=Case(When(day=today, then=F("day_dollars")), default=Decimal(0)),
        )
        == 1
    )


def _open_to(source: str, now: datetime) -> QuerySet[SourceState]:
    """Return the source's row if it is open: the conditions of `why_closed` again, for the database."""
    row = SourceState.objects.filter(
        Q(rests_until=None) | Q(rests_until__lte=now),
        Q(rests=0) | Q(probe_until=None) | Q(probe_until__lte=now),
        source=source,
        is_paused=False,
    )
    is_new_day = Q(day=None) | ~Q(day=timezone.localdate(now))
    for spent, ceiling in (
        ("day_lookups", roster.daily_lookups(source)),
        ("day_dollars", settings.CAPTCHA_DAILY_DOLLARS),
    ):
        if ceiling is not None:
            row = row.filter(is_new_day | Q(**{f"{spent}__lt": ceiling})) if ceiling > 0 else row.none()
    return row


def postpone(source: str) -> None:
    """Let the next slot begin a pace from now: the request with the last slot was only now sent."""
    SourceState.objects.filter(source=source).update(
        free_at=Greatest(F("free_at"), Clock() + roster.pace_seconds(source) * (1 + MARGIN / 2))
    )


def release_probe(source: str, entered_at: datetime) -> None:
    """End the probe that entered at a time, because it brings no outcome: the next lookup may be the probe."""
    SourceState.objects.filter(source=source, probe_until=_probe_until(entered_at)).update(probe_until=None)


def note_answer(source: str, seconds: float) -> None:
    """Store that the source answered, after so many seconds: it works, so a rest ends."""
    SourceState.objects.filter(source=source).update(
        troubles=0,
        rests=0,
        rests_until=None,
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
        state.rests += 1
    state.save(update_fields=["troubles", "rests", "rests_until", "probe_until"])
    return state.rests_until if must_rest else None


def end_rest(source: str) -> None:
    """Open a source again, and forget its failures."""
    SourceState.objects.filter(source=source).update(troubles=0, rests=0, rests_until=None, probe_until=None)


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
