"""Asking about many at once: who is queued, what is told of the others, and how all of it is cancelled."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import make, queues
from tests.census.worker.attempts import BLOCKED, CLAIM, NOW, PLACE, SECOND, claim, look_up
from tests.census.worker.threads import at_once
from tests.queues import queue_size, sent
from vereda.accounts import audit
from vereda.accounts.models import AuditEntry, User
from vereda.census import actions, bulk
from vereda.census.bulk import Tally
from vereda.census.models import BulkRefresh, CedulaInfo, Priority, Reason
from vereda.census.statuses import ANSWERS, FAILURES, WAITING, Status
from vereda.census.worker import claims, outcomes

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
COOLDOWN = timedelta(seconds=30)
TOLD = "La página de la Registraduría no nos dejó consultar."


def invited(leader: User, status: Status = Status.BLOCKED, **fields: Any) -> CedulaInfo:
    """Return the record of somebody whom a leader invited, in a status since an hour ago."""
    record = make.person(referred_by=leader).cedula_info
    state: dict[str, Any] = {"status": status, "requested_at": NOW - HOUR, "next_at": NOW - HOUR}
    if status in ANSWERS:
        state |= {"answer_status": status, "answer_source": "practice", "fetched_at": NOW - HOUR}
    if status == Status.ACTIVE:
        state |= {"municipio": "PASTO", "puesto": "IE EL SAUCE", "mesa": "4"}
    if status == Status.PROCESSING:
        state |= {"claim_token": uuid4(), "claimed_at": NOW, "claim_expires_at": NOW + CLAIM}
    if status in FAILURES:
        state |= {"attempts": 4, "error_message": TOLD, "raw_response": "<html>…", "evidence_at": NOW - HOUR}
    CedulaInfo.objects.filter(pk=record.pk).update(**state | fields)
    record.refresh_from_db()
    return record


def mark(leader: User, *records: CedulaInfo) -> Tally:
    """Ask about marked people."""
    marked = CedulaInfo.objects.filter(pk__in=[record.pk for record in records])
    return bulk.refresh_marked(records=marked, requested_by=leader, now=NOW)


def ask_all(leader: User, now: Any = NOW) -> BulkRefresh | None:
    """Ask about all whom a leader invited."""
    return bulk.refresh_all(records=CedulaInfo.objects.referrals_of(leader), requested_by=leader, now=now)


def started(leader: User) -> BulkRefresh:
    """Ask about all whom a leader invited, at least one of whom failed."""
    request = ask_all(leader)
    assert request is not None
    return request


def state_of(record: CedulaInfo) -> dict[str, Any]:
    """Return all that the database holds of a record."""
    return CedulaInfo.objects.values().get(pk=record.pk)


def test_marked_people_who_failed_wait_behind_those_at_a_screen(beto: User) -> None:
    record = invited(beto)

    mark(beto, record)

    record.refresh_from_db()
    assert (record.status, record.priority, record.reason) == (Status.PENDING, Priority.IN_BULK, Reason.BULK)
    assert (record.requested_by, record.requested_at, record.next_at) == (beto, NOW, NOW)
    assert (record.attempts, record.error_message, record.bulk) == (0, "", None)


def test_the_tally_says_how_many_are_queued_and_why_the_others_are_not(beto: User) -> None:
    records = [invited(beto, status) for status in Status]
    records.append(invited(beto, requested_at=NOW - SECOND))

    assert mark(beto, *records) == Tally(queued=3, answered=4, waiting=2, too_soon=1)


@pytest.mark.parametrize("status", [*WAITING, *ANSWERS])
def test_who_waits_or_has_an_answer_stays_as_they_are_when_marked(beto: User, status: Status) -> None:
    record = invited(beto, status)
    before = state_of(record)

    mark(beto, record)

    assert state_of(record) == before


@pytest.mark.parametrize("status", [*WAITING, *ANSWERS])
def test_who_waits_or_has_an_answer_stays_as_they_are_when_all_are_asked_about(beto: User, status: Status) -> None:
    record = invited(beto, status)
    before = state_of(record)

    assert ask_all(beto) is None
    assert state_of(record) == before


@pytest.mark.parametrize(("ago", "is_queued"), [(COOLDOWN - SECOND, False), (COOLDOWN, True)])
def test_the_cooldown_counts_from_the_last_request(beto: User, ago: timedelta, is_queued: bool) -> None:
    record = invited(beto, requested_at=NOW - ago)

    assert mark(beto, record) == Tally(int(is_queued), 0, 0, int(not is_queued))


def test_marking_the_same_people_twice_queues_them_once(beto: User) -> None:
    records = [invited(beto), invited(beto)]

    assert mark(beto, *records) == Tally(queued=2, answered=0, waiting=0, too_soon=0)
    assert mark(beto, *records) == Tally(queued=0, answered=0, waiting=2, too_soon=0)


def test_marked_people_are_no_request_with_a_progress(beto: User) -> None:
    mark(beto, invited(beto))

    assert bulk.running_for(beto) is None


def test_messages_are_sent_on_commit_for_each_of_a_few(beto: User, django_capture_on_commit_callbacks: Any) -> None:
    records = [invited(beto) for _ in range(3)]

    with django_capture_on_commit_callbacks(execute=True):
        mark(beto, *records)
        assert sent() == []

    assert sorted(sent()) == sorted(record.user_id for record in records)


def test_for_many_people_ten_messages_are_sent_for_those_whose_turn_is_first(
    beto: User, django_capture_on_commit_callbacks: Any
) -> None:
    records = [invited(beto) for _ in range(13)]

    with django_capture_on_commit_callbacks(execute=True):
        ask_all(beto)

    assert sent() == [record.user_id for record in records[:10]]


def test_nobody_to_ask_about_sends_nothing_and_leaves_no_request(
    beto: User, django_capture_on_commit_callbacks: Any
) -> None:
    invited(beto, Status.ACTIVE)

    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        assert ask_all(beto) is None

    assert callbacks == []
    assert not BulkRefresh.objects.exists()


@pytest.mark.parametrize("status", FAILURES)
def test_a_request_for_all_holds_those_who_failed_and_remembers_how(beto: User, status: Status) -> None:
    record = invited(beto, status)

    request = started(beto)

    record.refresh_from_db()
    assert (request.total, request.requested_by, request.requested_at) == (1, beto, NOW)
    assert (record.status, record.bulk, record.priority) == (Status.PENDING, request, Priority.IN_BULK)
    assert (record.status_before, record.message_before, record.error_message) == (status, TOLD, "")


def test_only_those_who_were_given_are_asked_about(beto: User, dani: User) -> None:
    other = invited(dani)
    invited(beto)

    assert started(beto).total == 1
    other.refresh_from_db()
    assert other.status == Status.BLOCKED


def test_a_second_request_is_refused_while_the_first_has_people_waiting(beto: User) -> None:
    invited(beto)
    started(beto)
    late = invited(beto)

    with pytest.raises(bulk.AlreadyRunningError):
        ask_all(beto)

    late.refresh_from_db()
    assert (late.status, BulkRefresh.objects.count()) == (Status.BLOCKED, 1)


def test_a_second_request_is_refused_while_the_last_one_of_the_first_is_in_flight(beto: User) -> None:
    record = invited(beto)
    started(beto)
    claim(record)

    with pytest.raises(bulk.AlreadyRunningError):
        ask_all(beto)


def test_another_leaders_request_stands_in_nobodys_way(beto: User, dani: User) -> None:
    invited(beto)
    invited(dani)

    assert {started(beto).total, started(dani).total} == {1}


def test_when_all_are_through_another_request_may_begin(beto: User) -> None:
    record = invited(beto)
    started(beto)
    look_up(record, PLACE)
    invited(beto)

    assert bulk.running_for(beto) is None
    assert started(beto).total == 1


def test_a_running_request_says_how_many_are_left(beto: User) -> None:
    records = [invited(beto) for _ in range(4)]
    request = started(beto)
    look_up(records[0], PLACE)
    claim(records[1])

    assert bulk.running_for(beto) == (request, 3)


def test_whether_a_request_runs_is_one_query(beto: User, django_assert_num_queries: Any) -> None:
    for _ in range(4):
        invited(beto)
    started(beto)

    with django_assert_num_queries(1):
        bulk.running_for(beto)


@pytest.mark.parametrize("status", FAILURES)
def test_cancelling_puts_everybody_back_to_where_they_were(beto: User, status: Status) -> None:
    records = [invited(beto, status) for _ in range(2)]
    request = started(beto)

    assert bulk.cancel(bulk=request, now=NOW + SECOND) == 2

    request.refresh_from_db()
    assert request.cancelled_at == NOW + SECOND
    for record in records:
        record.refresh_from_db()
        assert (record.status, record.error_message, record.bulk) == (status, TOLD, None)


def test_who_was_put_back_is_claimed_by_nobody(beto: User) -> None:
    record = invited(beto)
    bulk.cancel(bulk=started(beto), now=NOW)

    assert claims.claim(user_id=record.user_id, now=NOW) is None


def test_who_was_claimed_meanwhile_is_not_put_back_and_gets_the_answer(beto: User) -> None:
    in_flight, waiting = invited(beto), invited(beto)
    request = started(beto)
    claimed = claim(in_flight)

    assert bulk.cancel(bulk=request, now=NOW) == 1

    in_flight.refresh_from_db()
    waiting.refresh_from_db()
    assert (in_flight.status, waiting.status) == (Status.PROCESSING, Status.BLOCKED)
    assert outcomes.record_outcome(claimed=claimed, outcome=PLACE, source="practice", now=NOW)
    in_flight.refresh_from_db()
    assert in_flight.status == Status.ACTIVE


def test_who_failed_again_and_waits_for_a_retry_is_put_back(beto: User) -> None:
    record = invited(beto, Status.TIMEOUT, error_message="El censo no respondió a tiempo.")
    request = started(beto)
    look_up(record, BLOCKED)

    assert bulk.cancel(bulk=request, now=NOW) == 1

    record.refresh_from_db()
    assert (record.status, record.error_message) == (Status.TIMEOUT, "El censo no respondió a tiempo.")


def test_who_has_an_answer_meanwhile_keeps_it(beto: User) -> None:
    record = invited(beto)
    invited(beto)
    request = started(beto)
    look_up(record, PLACE)

    assert bulk.cancel(bulk=request, now=NOW) == 1
    record.refresh_from_db()
    assert record.status == Status.ACTIVE


def test_people_who_were_marked_are_not_put_back_by_cancelling_a_request_for_all(beto: User) -> None:
    marked = invited(beto)
    mark(beto, marked)
    invited(beto)

    assert bulk.cancel(bulk=started(beto), now=NOW) == 1
    marked.refresh_from_db()
    assert marked.status == Status.PENDING


def test_a_cancelled_request_runs_no_more_although_somebody_is_in_flight(beto: User) -> None:
    record = invited(beto)
    request = started(beto)
    claim(record)
    bulk.cancel(bulk=request, now=NOW)

    assert bulk.running_for(beto) is None
    assert ask_all(beto) is None


def test_cancelling_twice_changes_nothing_more(beto: User) -> None:
    record = invited(beto)
    request = started(beto)
    bulk.cancel(bulk=request, now=NOW)
    before = state_of(record)

    assert bulk.cancel(bulk=request, now=NOW + HOUR) is None

    request.refresh_from_db()
    assert (state_of(record), request.cancelled_at) == (before, NOW)


def test_who_is_asked_about_alone_leaves_the_request_for_all(beto: User) -> None:
    record = invited(beto)
    request = started(beto)
    CedulaInfo.objects.filter(pk=record.pk).update(status=Status.ERROR)

    assert actions.request_lookup(record=record, requested_by=beto, reason=Reason.LEADER, now=NOW + COOLDOWN)

    assert (record.bulk, record.priority) == (None, Priority.AT_A_SCREEN)
    assert bulk.running_for(beto) is None
    assert bulk.cancel(bulk=request, now=NOW) == 0


def test_who_is_marked_leaves_the_request_for_all(beto: User) -> None:
    record = invited(beto)
    request = started(beto)
    CedulaInfo.objects.filter(pk=record.pk).update(status=Status.ERROR, requested_at=NOW - HOUR)

    mark(beto, record)

    record.refresh_from_db()
    assert (record.status, record.bulk) == (Status.PENDING, None)
    assert bulk.cancel(bulk=request, now=NOW) == 0


def test_who_waits_in_bulk_and_asks_at_a_screen_goes_ahead(beto: User, django_capture_on_commit_callbacks: Any) -> None:
    record = invited(beto)
    mark(beto, record)
    queues.clear()
    with django_capture_on_commit_callbacks(execute=True):
        is_asked = actions.request_lookup(
            record=record, requested_by=record.user, reason=Reason.OWN, now=NOW + timedelta(seconds=1)
        )

    record.refresh_from_db()
    assert not is_asked
    assert record.priority == Priority.AT_A_SCREEN
    assert queue_size() == 1


def test_whatever_is_asked_claimed_and_cancelled_records_keep_their_constraints(beto: User) -> None:
    records = [invited(beto, status) for status in Status for _ in range(3)]
    request = started(beto)
    for record in records:
        record.refresh_from_db()
    in_bulk = [record for record in records if record.bulk_id]
    claim(in_bulk[0])
    look_up(in_bulk[1], PLACE)
    look_up(in_bulk[2], BLOCKED)
    bulk.cancel(bulk=request, now=NOW)

    for record in CedulaInfo.objects.all():
        record.validate_constraints()


def queries_for(leader: User, count: int, work: Any) -> int:
    """Return how many queries it costs to ask about so many people."""
    records = [invited(leader) for _ in range(count)]
    with CaptureQueriesContext(connection) as captured:
        work(leader, *records)
    return len(captured)


@pytest.mark.parametrize("work", [mark, lambda leader, *_: started(leader)])
def test_asking_costs_as_many_queries_for_ten_as_for_one(beto: User, dani: User, work: Any) -> None:
    audit.record(action=AuditEntry.Action.BULK_ASKED, actor=beto)  # only the first entry of all costs more
    assert queries_for(beto, 1, work) == queries_for(dani, 10, work) <= 12


def test_cancelling_costs_as_many_queries_for_ten_as_for_one(beto: User, dani: User) -> None:
    def cancel(leader: User, *records: CedulaInfo) -> None:
        bulk.cancel(bulk=requests[leader], now=NOW)

    requests = {}
    for leader, count in ((beto, 1), (dani, 10)):
        for _ in range(count):
            invited(leader)
        requests[leader] = started(leader)

    assert queries_for(beto, 0, cancel) == queries_for(dani, 0, cancel) <= 4


def started_or_none(leader: User) -> int:
    """Return how many people a request holds that is made now."""
    try:
        request = ask_all(leader, timezone.now())
    except bulk.AlreadyRunningError:
        return 0
    return request.total if request else 0


@pytest.mark.django_db(transaction=True)
def test_of_several_requests_for_all_at_once_one_holds_everybody(beto: User) -> None:
    records = [invited(beto, requested_at=timezone.now() - HOUR) for _ in range(5)]
    queues.clear()

    assert sorted(at_once(4, lambda: started_or_none(beto))) == [0, 0, 0, 5]
    assert BulkRefresh.objects.get().total == 5
    assert sorted(sent()) == sorted(record.user_id for record in records)


@pytest.mark.django_db(transaction=True)
def test_a_leader_and_a_superuser_who_ask_about_all_at_once_queue_nobody_twice(ana: User, beto: User) -> None:
    records = [invited(beto, requested_at=timezone.now() - HOUR) for _ in range(5)]
    queues.clear()
    viewers = [ana, beto]

    totals = at_once(2, lambda: started_or_none(viewers.pop()))

    assert sum(totals) == 5
    assert sorted(sent()) == sorted(record.user_id for record in records)


@pytest.mark.django_db(transaction=True)
def test_people_who_are_marked_twice_at_once_are_queued_once(beto: User) -> None:
    records = [invited(beto, requested_at=timezone.now() - HOUR) for _ in range(5)]
    marked = CedulaInfo.objects.filter(pk__in=[record.pk for record in records])
    queues.clear()

    tallies = at_once(4, lambda: bulk.refresh_marked(records=marked.all(), requested_by=beto, now=timezone.now()))

    assert sum(tally.queued for tally in tallies) == 5
    assert sorted(sent()) == sorted(record.user_id for record in records)


@pytest.mark.django_db(transaction=True)
def test_whoever_is_claimed_while_a_request_is_cancelled_is_either_in_flight_or_put_back(beto: User) -> None:
    for _ in range(10):
        record = invited(beto, requested_at=timezone.now() - HOUR)
        request = ask_all(beto, timezone.now())
        assert request is not None
        work = [partial(bulk.cancel, bulk=request), partial(claims.claim, user_id=record.user_id)]

        at_once(2, lambda: work.pop()(now=timezone.now()))  # noqa: B023 - done before the next round

        record.refresh_from_db()
        assert (record.status, bool(record.claim_token)) in {(Status.PROCESSING, True), (Status.BLOCKED, False)}
        CedulaInfo.objects.filter(pk=record.pk).delete()
