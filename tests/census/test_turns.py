"""Where a waiting person stands, how long it may take, and what keeps everybody waiting."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import make
from vereda.accounts.models import User
from vereda.census import gate, turns
from vereda.census.models import CedulaInfo, Priority, SourceState, Worker
from vereda.census.models.engine import LATE_AFTER
from vereda.census.statuses import Status
from vereda.census.worker import heartbeat

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # ten in the morning in Bogotá


@pytest.fixture(autouse=True)
def worker(db: None) -> None:
    """One cluster works."""
    heartbeat.register("host-1", 1, now=NOW)


@pytest.fixture(autouse=True)
def in_flight(settings: Any) -> None:
    settings.CENSUS_PACE_SECONDS, settings.CENSUS_IN_FLIGHT = [5], 8


def waiting(minutes: int, **fields: Any) -> CedulaInfo:
    """Return the record of somebody who has been due for so many minutes."""
    record = make.person().cedula_info
    fields = {"next_at": NOW - timedelta(minutes=minutes), **fields}
    CedulaInfo.objects.filter(pk=record.pk).update(**fields)
    record.refresh_from_db()
    return record


def usually(seconds: float) -> None:
    SourceState.objects.filter(source="practice").update(usual_seconds=seconds)


def test_whoever_waits_longest_is_first() -> None:
    later, earlier = waiting(1), waiting(2)

    turn = {record: turns.turn_of(record, NOW) for record in (later, earlier)}
    assert [turn[record].position for record in (earlier, later)] == [1, 2]


def test_people_in_bulk_stand_behind_those_at_a_screen() -> None:
    in_bulk, at_a_screen = waiting(9, priority=Priority.IN_BULK), waiting(1)

    assert turns.turn_of(at_a_screen, NOW).position == 1
    assert turns.turn_of(in_bulk, NOW).position == 2


def test_those_who_are_not_due_or_being_asked_stand_in_nobodys_way() -> None:
    waiting(-5)
    CedulaInfo.objects.filter(pk=waiting(9).pk).update(
        status=Status.PROCESSING, claim_token="0" * 32, claimed_at=NOW, claim_expires_at=NOW
    )

    assert turns.turn_of(waiting(1), NOW).position == 1


def test_the_estimate_is_the_pace_for_each_one_ahead_and_what_a_lookup_usually_takes() -> None:
    usually(30)
    for _ in range(3):
        waiting(5)

    turn = turns.turn_of(waiting(1), NOW)
    assert (turn.position, turn.seconds, turn.estimate) == (4, 50, "unos 50 s")


def test_when_lookups_take_long_the_lookups_in_flight_are_slower_than_the_pace() -> None:
    usually(80)
    for _ in range(3):
        waiting(5)

    assert turns.turn_of(waiting(1), NOW).seconds == 80 + 3 * 10
    heartbeat.register("host-2", 2, now=NOW)
    assert turns.turn_of(waiting(1), NOW).seconds == 5 * 21  # two windows: the pace (5.2 s) is the limit again


def test_before_the_first_answer_a_guess_is_made() -> None:
    assert turns.turn_of(waiting(1), NOW).seconds == turns.FIRST_GUESS_SECONDS


@pytest.mark.parametrize(
    ("seconds", "told"), [(115, "unos 115 s"), (120, "unos 2 min"), (7100, "unos 119 min"), (9000, "unas 3 h")]
)
def test_long_waits_are_told_in_minutes_and_hours(seconds: int, told: str) -> None:
    assert turns.Turn(position=1, seconds=seconds).estimate == told


def test_a_resting_source_is_said_with_the_time_of_the_next_try() -> None:
    until = NOW + timedelta(minutes=4)
    SourceState.objects.filter(source="practice").update(rests=1, rests_until=until)

    turn = turns.turn_of(waiting(1), NOW)
    assert (turn.position, turn.until, turn.is_tomorrow) == (0, until, False)
    assert "descansar" in turn.notice


def test_whose_own_next_attempt_comes_after_the_rest_reads_of_that_only() -> None:
    SourceState.objects.filter(source="practice").update(rests=1, rests_until=NOW + timedelta(minutes=4))

    assert turns.turn_of(waiting(-5), NOW) is None


def test_a_spent_day_goes_on_tomorrow(settings: Any) -> None:
    settings.CENSUS_DAILY_LOOKUPS = [7]
    SourceState.objects.filter(source="practice").update(day=NOW.date(), day_lookups=7)

    turn = turns.turn_of(waiting(1), NOW)
    assert (turn.until, turn.is_tomorrow) == (datetime(2026, 11, 21, 5, 0, tzinfo=UTC), True)


def test_a_pause_has_no_time_and_concerns_those_who_wait_for_a_retry_too() -> None:
    gate.switch("practice", is_paused=True)

    for record in (waiting(1), waiting(-5)):
        turn = turns.turn_of(record, NOW)
        assert (turn.notice, turn.until) == ("Las consultas están en pausa por ahora.", None)


def test_without_a_worker_nobody_is_promised_a_time() -> None:
    Worker.objects.update(seen_at=NOW - 2 * LATE_AFTER)

    notice = "El servicio de consultas está detenido en este momento."
    assert turns.turn_of(waiting(1), NOW) == turns.Turn(notice=notice)


@pytest.mark.parametrize("status", [Status.ERROR, Status.TIMEOUT, Status.BLOCKED])
def test_who_does_not_wait_has_no_turn(caro: User, status: Status) -> None:
    CedulaInfo.objects.filter(user=caro).update(status=status)
    caro.cedula_info.refresh_from_db()

    assert turns.turn_of(caro.cedula_info, NOW) is None


def test_it_costs_one_query(django_assert_num_queries: Any) -> None:
    record = waiting(1)

    with django_assert_num_queries(1):
        turns.turn_of(record, NOW)
