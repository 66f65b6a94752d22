"""The gate's pace, ceilings and switch; its rests are in `test_rests.py`, its races in `test_races.py`."""

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from vereda.census import gate
from vereda.census.gate import Closed, ClosedReason
from vereda.census.models import SourceState

pytestmark = pytest.mark.django_db

NOW = datetime(2099, 3, 1, 12, 0, tzinfo=UTC)
PACE = 50.0
STEP = PACE * (1 + gate.MARGIN)
LAST_MINUTE = datetime(2099, 3, 2, 4, 59, tzinfo=UTC)
MIDNIGHT = datetime(2099, 3, 2, 5, 0, tzinfo=UTC)
"""The end of 1 March in Bogotá."""


def source_free_in(seconds: float, **fields: Any) -> SourceState:
    """Return a source whose next slot begins so many seconds from now."""
    fields["free_at"] = time.time() + seconds
    return SourceState.objects.update_or_create(source="practice", defaults=fields)[0]


def state() -> SourceState:
    return SourceState.objects.get(source="practice")


def seconds_until_free() -> float:
    return state().free_at - time.time()


def enter_at_once(now: datetime = NOW) -> Closed | float:
    """Enter without a pace to wait for."""
    SourceState.objects.filter(source="practice").update(free_at=0)
    return gate.enter("practice", now)


def near(seconds: float) -> Any:
    """Allow for a machine that is busy; what must be told apart lies further from each other."""
    return pytest.approx(seconds, abs=0.4)


@pytest.fixture(autouse=True)
def long_pace(settings: Any) -> None:
    settings.CENSUS_PACE_SECONDS = [PACE]


def test_the_first_slot_is_now() -> None:
    assert gate.enter("practice", NOW) == 0


def test_the_slot_after_a_punctual_one_is_a_pace_and_its_margin_later() -> None:
    source_free_in(0)
    gate.enter("practice", NOW)

    assert gate.enter("practice", NOW) == near(STEP)


def test_who_is_told_to_wait_has_taken_nothing() -> None:
    source_free_in(3)

    assert [gate.enter("practice", NOW) for _ in range(4)] == [near(3)] * 4
    assert seconds_until_free() == near(3)
    assert state().day_lookups == 0


def test_each_source_has_a_pace_of_its_own() -> None:
    source_free_in(40)

    assert gate.enter("another", NOW) == 0


def test_a_source_left_alone_is_free_at_once_and_has_saved_up_nothing() -> None:
    source_free_in(-3600)

    assert gate.enter("practice", NOW) == 0
    assert gate.enter("practice", NOW) == near(STEP)


@pytest.mark.parametrize("late", [0.01, 60.0])
def test_however_late_a_slot_is_taken_the_next_is_a_pace_and_its_margin_away(late: float) -> None:
    source_free_in(-late)

    assert gate.enter("practice", NOW) == 0
    assert seconds_until_free() == near(STEP)


def test_a_clock_that_jumped_backwards_stalls_nothing() -> None:
    source_free_in(3600)

    assert gate.enter("practice", NOW) == 0
    assert gate.enter("practice", NOW) == near(STEP)


def test_a_clock_that_jumped_forwards_gives_one_slot_and_not_many() -> None:
    gate.enter("practice", NOW)
    source_free_in(-86_400)

    assert gate.enter("practice", NOW) == 0
    assert gate.enter("practice", NOW) == near(STEP)


def test_a_pace_longer_than_any_jump_is_kept(settings: Any) -> None:
    settings.CENSUS_PACE_SECONDS = [100]
    source_free_in(101)

    assert gate.enter("practice", NOW) == near(101)


def test_a_request_that_left_late_puts_the_next_slot_off() -> None:
    source_free_in(1)

    gate.sent("practice")

    assert seconds_until_free() == near(STEP)


def test_nothing_is_in_the_way_of_a_source_that_nobody_has_asked_yet() -> None:
    assert gate.why_closed(gate.state_of("practice"), NOW) is None


def test_a_source_that_an_operator_paused_is_closed_until_somebody_opens_it() -> None:
    source_free_in(0, is_paused=True)

    assert gate.enter("practice", NOW) == Closed(ClosedReason.PAUSED, None)
    assert gate.enter("practice", NOW + timedelta(days=900)) == Closed(ClosedReason.PAUSED, None)
    SourceState.objects.update(is_paused=False)
    assert gate.enter("practice", NOW) == 0


def test_the_days_lookups_have_a_ceiling(settings: Any) -> None:
    settings.CENSUS_DAILY_LOOKUPS = [3]

    assert [enter_at_once() for _ in range(4)] == [0, 0, 0, Closed(ClosedReason.LOOKUPS_SPENT, MIDNIGHT)]
    assert state().day_lookups == 3


def test_a_new_day_begins_at_midnight_of_the_country_with_accounts_of_its_own(settings: Any) -> None:
    settings.CENSUS_DAILY_LOOKUPS = [1]
    enter_at_once(LAST_MINUTE)
    gate.spend("practice", Decimal("0.5"))
    assert enter_at_once(MIDNIGHT - timedelta(seconds=1)) == Closed(ClosedReason.LOOKUPS_SPENT, MIDNIGHT)

    assert enter_at_once(MIDNIGHT) == 0

    today = state()
    assert (today.day, today.day_lookups, today.day_dollars) == (date(2099, 3, 2), 1, 0)


def test_the_days_captchas_have_a_ceiling_in_dollars(settings: Any) -> None:
    settings.CAPTCHA_DAILY_DOLLARS = Decimal("0.006")
    gate.enter("practice", NOW)
    gate.spend("practice", Decimal("0.00299"))
    assert enter_at_once() == 0

    gate.spend("practice", Decimal("0.00301"))

    assert enter_at_once() == Closed(ClosedReason.MONEY_SPENT, MIDNIGHT)
    assert enter_at_once(MIDNIGHT) == 0


def test_what_was_spent_yesterday_counts_no_more(settings: Any) -> None:
    settings.CENSUS_DAILY_LOOKUPS, settings.CAPTCHA_DAILY_DOLLARS = [5], Decimal(1)
    source_free_in(0, day=date(2099, 2, 28), day_lookups=900, day_dollars=Decimal(90))

    assert gate.enter("practice", NOW) == 0
    assert state().day_lookups == 1


@pytest.mark.parametrize(("ceiling", "nothing"), [("CENSUS_DAILY_LOOKUPS", [0]), ("CAPTCHA_DAILY_DOLLARS", 0)])
def test_a_ceiling_of_nothing_lets_nobody_in(settings: Any, ceiling: str, nothing: object) -> None:
    setattr(settings, ceiling, nothing)

    assert isinstance(enter_at_once(), Closed)


def test_without_ceilings_nothing_is_too_much(settings: Any) -> None:
    settings.CENSUS_DAILY_LOOKUPS, settings.CAPTCHA_DAILY_DOLLARS = [None], None
    source_free_in(0, day=date(2099, 3, 1), day_lookups=10**6, day_dollars=Decimal(900))

    assert gate.enter("practice", NOW) == 0
