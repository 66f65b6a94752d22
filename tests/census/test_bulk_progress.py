"""How far a request for many people is, and how long the rest may take."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import make
from tests.census.worker.attempts import BLOCKED, NOW, PLACE, claim, look_up
from vereda.accounts.models import User
from vereda.census import bulk, gate, wording
from vereda.census.bulk import Progress, has_come_through, progress_of
from vereda.census.models import BulkRefresh, CedulaInfo, SourceState, Worker
from vereda.census.models.engine import LATE_AFTER
from vereda.census.statuses import Status
from vereda.census.turns import Turn
from vereda.census.worker import heartbeat

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def worker(beto: User, dani: User) -> None:
    """One cluster works, and has nobody else to ask about."""
    heartbeat.register("host-1", 1, now=NOW)
    SourceState.objects.get_or_create(source="practice")
    CedulaInfo.objects.update(status=Status.NOT_FOUND, answer_status=Status.NOT_FOUND, fetched_at=NOW)


@pytest.fixture(autouse=True)
def in_flight(settings: Any) -> None:
    settings.CENSUS_PACE_SECONDS, settings.CENSUS_IN_FLIGHT = [5], 8


def asked(leader: User, count: int) -> list[CedulaInfo]:
    """Return the records of so many people of a leader's who are all asked about at one request."""
    people = [make.person(referred_by=leader).pk for _ in range(count)]
    records = CedulaInfo.objects.filter(user__in=people)
    records.update(status=Status.BLOCKED, requested_at=NOW - HOUR, next_at=NOW - HOUR)
    bulk.refresh_all(records=records, requested_by=leader, now=NOW)
    return list(records.order_by("pk"))


def progress(leader: User) -> Progress:
    """Return how far a leader's request is that is not through."""
    found = progress_of(leader, NOW)
    assert found is not None
    return found


def test_without_a_request_there_is_no_progress(beto: User) -> None:
    assert progress_of(beto, NOW) is None


def test_a_request_begins_with_nobody_done(beto: User) -> None:
    asked(beto, 3)

    assert (progress(beto).total, progress(beto).done, progress(beto).left, progress(beto).percent) == (3, 0, 3, 0)


def test_who_is_answered_is_done(beto: User) -> None:
    first, *_ = asked(beto, 4)
    look_up(first, PLACE)

    assert (progress(beto).done, progress(beto).left, progress(beto).percent) == (1, 3, 25)


def test_who_fails_for_good_is_done_too(beto: User) -> None:
    first, *_ = asked(beto, 4)
    for _ in range(4):
        CedulaInfo.objects.filter(pk=first.pk).update(next_at=NOW)
        look_up(first, BLOCKED)

    assert (first.status, progress(beto).done) == (Status.BLOCKED, 1)


def test_who_is_in_flight_or_waits_for_a_retry_is_not_done(beto: User) -> None:
    first, second, *_ = asked(beto, 4)
    claim(first)
    look_up(second, BLOCKED)

    assert (progress(beto).done, progress(beto).left) == (0, 4)


def test_the_percentage_is_never_rounded_up_to_all(beto: User) -> None:
    *most, _ = asked(beto, 3)
    CedulaInfo.objects.filter(pk__in=[record.pk for record in most]).update(status=Status.TIMEOUT)

    assert progress(beto).percent == 66


def test_when_the_last_one_is_through_there_is_no_progress(beto: User) -> None:
    (only,) = asked(beto, 1)
    look_up(only, PLACE)

    assert progress_of(beto, NOW) is None


def test_a_cancelled_request_has_no_progress_although_somebody_is_in_flight(beto: User) -> None:
    first, *_ = asked(beto, 2)
    claim(first)
    bulk.cancel(bulk=BulkRefresh.objects.get(), now=NOW)

    assert progress_of(beto, NOW) is None


def test_another_leaders_request_is_not_shown(beto: User, dani: User) -> None:
    asked(beto, 1)

    assert progress_of(dani, NOW) is None


def test_the_turn_is_that_of_the_last_one(beto: User) -> None:
    SourceState.objects.update(usual_seconds=30)
    asked(beto, 4)

    turn = progress(beto).turn
    assert turn == Turn(position=4, seconds=50)
    assert turn.remaining == "faltan unos 50 s"


def test_the_turn_counts_those_at_a_screen_who_come_first(beto: User) -> None:
    asked(beto, 2)
    CedulaInfo.objects.filter(user=make.person()).update(next_at=NOW)

    assert progress(beto).turn is not None
    assert progress(beto).turn.position == 3


def test_the_turn_counts_another_leaders_request_that_came_first(beto: User, dani: User) -> None:
    asked(dani, 3)
    asked(beto, 2)

    assert progress(beto).turn is not None
    assert (progress(beto).turn.position, progress(dani).turn.position) == (5, 3)


def test_when_the_rest_is_in_flight_or_waits_for_a_retry_there_is_no_turn(beto: User) -> None:
    first, second = asked(beto, 2)
    claim(first)
    look_up(second, BLOCKED)

    assert (progress(beto).left, progress(beto).turn) == (2, None)


def test_the_turn_is_that_of_the_last_who_is_due_although_another_waits_for_a_retry(beto: User) -> None:
    first, *_ = asked(beto, 3)
    look_up(first, BLOCKED)

    assert progress(beto).turn is not None
    assert (progress(beto).left, progress(beto).turn.position) == (3, 2)


def test_without_a_worker_the_progress_says_so(beto: User) -> None:
    asked(beto, 2)
    Worker.objects.update(seen_at=NOW - 2 * LATE_AFTER)

    assert progress(beto).turn == Turn(notice=wording.NO_WORKER)


def test_a_resting_source_is_said_with_the_time_of_the_next_try(beto: User) -> None:
    asked(beto, 2)
    until = NOW + timedelta(minutes=4)
    SourceState.objects.update(rests=1, rests_until=until)

    turn = progress(beto).turn
    assert turn is not None
    assert (turn.position, turn.until) == (0, until)
    assert "descansar" in turn.notice


def test_a_paused_source_is_said(beto: User) -> None:
    asked(beto, 2)
    gate.switch("practice", is_paused=True)

    assert progress(beto).turn == Turn(notice="Las consultas están en pausa por ahora.")


def test_the_key_tells_two_states_apart_that_look_different(beto: User) -> None:
    first, *_ = asked(beto, 3)
    keys = [progress(beto).key, progress(beto).key]
    look_up(first, PLACE)
    keys.append(progress(beto).key)
    gate.switch("practice", is_paused=True)
    keys.append(progress(beto).key)

    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


@pytest.mark.parametrize("count", [1, 30])
def test_it_costs_three_queries_whatever_the_number(beto: User, count: int) -> None:
    asked(beto, count)

    with CaptureQueriesContext(connection) as captured:
        progress(beto)

    assert len(captured) == 3


def test_without_a_request_it_costs_one_query(beto: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        progress_of(beto, NOW)


def test_a_request_that_ended_by_itself_has_come_through(beto: User) -> None:
    (only,) = asked(beto, 1)
    key = progress(beto).key
    look_up(only, PLACE)

    assert has_come_through(beto, key)


def test_a_cancelled_request_has_not_come_through(beto: User) -> None:
    asked(beto, 1)
    key = progress(beto).key
    bulk.cancel(bulk=BulkRefresh.objects.get(), now=NOW)

    assert not has_come_through(beto, key)


def test_another_leaders_request_has_not_come_through(beto: User, dani: User) -> None:
    asked(beto, 1)

    assert not has_come_through(dani, progress(beto).key)


@pytest.mark.parametrize("key", ["", "-", ".", "0.1.", "-1.2.", "²", f"{10**18}.1.", "9" * 40, "uno.2."])
def test_a_key_that_nobody_gave_out_is_of_no_request(beto: User, key: str) -> None:
    assert not has_come_through(beto, key)
