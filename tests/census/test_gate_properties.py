"""What people are told of the gate is what the database does, in every state of a source."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as configured
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vereda.census import gate
from vereda.census.gate import Closed
from vereda.census.models import SourceState

pytestmark = pytest.mark.django_db

NOW = datetime(2099, 3, 2, 5, 0, tzinfo=UTC)
"""Midnight in Bogotá."""

patient = settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
moments = st.sampled_from([-900, -1, -0.001, 0, 0.001, 1, 900]).map(lambda seconds: NOW + timedelta(seconds=seconds))
states = st.fixed_dictionaries(
    {
        "is_paused": st.sampled_from([False, False, False, True]),
        "rests": st.integers(0, 3),
        "troubles": st.integers(0, 9),
        "rests_until": st.none() | moments,
        "probe_until": st.none() | moments,
        "day": st.none() | st.sampled_from([date(2099, 3, 1), date(2099, 3, 2), date(2099, 3, 3)]),
        "day_lookups": st.integers(0, 4),
        "day_dollars": st.sampled_from([Decimal(0), Decimal("0.99999"), Decimal(1), Decimal(2)]),
    }
)
ceilings = st.tuples(st.none() | st.integers(0, 4), st.none() | st.sampled_from([Decimal(0), Decimal(1)]))


def stored(fields: dict[str, Any]) -> SourceState:
    """Store a state whose slot is free."""
    return SourceState.objects.update_or_create(source="practice", defaults={"free_at": 0, **fields})[0]


def set_ceilings(lookups: int | None, dollars: Decimal | None) -> None:
    configured.CENSUS_DAILY_LOOKUPS, configured.CAPTCHA_DAILY_DOLLARS = [lookups], dollars


@pytest.fixture(autouse=True)
def _ceilings_as_before(settings: Any) -> None:
    settings.CENSUS_DAILY_LOOKUPS, settings.CAPTCHA_DAILY_DOLLARS = [None], None


@patient
@given(states, moments, ceilings)
def test_the_database_lets_in_exactly_when_nothing_is_said_to_be_in_the_way(
    fields: dict[str, Any], now: datetime, limits: tuple[int | None, Decimal | None]
) -> None:
    set_ceilings(*limits)
    closed = gate.why_closed(stored(fields), now)

    assert gate._open_to("practice", now).exists() == (closed is None)
    assert gate._take("practice", now, 60) == (closed is None)


@patient
@given(states, moments, ceilings)
def test_who_enters_is_refused_for_the_reason_that_is_shown_and_takes_nothing(
    fields: dict[str, Any], now: datetime, limits: tuple[int | None, Decimal | None]
) -> None:
    set_ceilings(*limits)
    before = stored(fields)
    closed = gate.why_closed(before, now)

    entered = gate.enter("practice", now)

    assert entered == (0 if closed is None else closed)
    if closed is not None:
        after = SourceState.objects.get(source="practice")
        assert (after.free_at, after.day_lookups, after.probe_until) == (0, before.day_lookups, before.probe_until)


@patient
@given(states, moments, ceilings)
def test_a_gate_that_is_closed_until_a_time_is_not_closed_for_the_same_reason_then(
    fields: dict[str, Any], now: datetime, limits: tuple[int | None, Decimal | None]
) -> None:
    set_ceilings(*limits)
    state = stored(fields)
    closed = gate.why_closed(state, now)
    if closed is None or closed.until is None:
        return

    assert closed.until > now
    then = gate.why_closed(state, closed.until)
    assert not isinstance(then, Closed) or then.reason is not closed.reason
