"""The breaker: a source that keeps failing rests, one lookup tries it afterwards, and nobody pays for it meanwhile."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests import make
from tests.census.worker.attempts import BLOCKED, NOW, claim, claim_next, interrupt
from vereda.accounts.models import User
from vereda.census import gate, turns
from vereda.census.gate import Closed, ClosedReason
from vereda.census.models import CedulaInfo, LookupAttempt, SourceState
from vereda.census.sources.port import Failure, FailureKind, Fault, NotFound
from vereda.census.statuses import Status
from vereda.census.worker import claims, outcomes

pytestmark = pytest.mark.django_db

FIRST_REST = timedelta(seconds=120)
TROUBLES = [kind for kind in FailureKind if kind is not FailureKind.PARSE_ERROR]


@pytest.fixture(autouse=True)
def breaker(settings: Any) -> None:
    settings.CENSUS_BREAKER_FAILURES, settings.CENSUS_REST_SECONDS = 3, FIRST_REST.total_seconds()


def state() -> SourceState:
    return SourceState.objects.get(source="practice")


def fail(*, times: int = 1, now: datetime = NOW, kind: FailureKind = FailureKind.BLOCKED) -> datetime | None:
    """Let lookups fail, and return until when the source rests after the last."""
    return [gate.note_failure("practice", kind, now) for _ in range(times)][-1]


def enter(now: datetime) -> Closed | float:
    """Enter without a pace to wait for."""
    SourceState.objects.filter(source="practice").update(free_at=0)
    return gate.enter("practice", now)


def test_a_few_failures_are_not_enough_for_a_rest() -> None:
    assert fail(times=2) is None
    assert enter(NOW) == 0


@pytest.mark.parametrize("kind", TROUBLES)
def test_repeated_trouble_of_any_kind_gives_the_source_a_rest(kind: FailureKind) -> None:
    assert fail(times=3, kind=kind) == NOW + FIRST_REST
    is_captcha = kind is FailureKind.CAPTCHA_FAILED
    reason = ClosedReason.NO_CAPTCHA if is_captcha else ClosedReason.RESTING
    assert enter(NOW) == Closed(reason, NOW + FIRST_REST)


def test_an_answer_in_between_begins_the_count_anew() -> None:
    fail(times=2)
    gate.note_answer("practice", 20.0)

    assert fail(times=2) is None


def test_a_page_that_came_but_could_not_be_read_shows_that_the_source_is_there() -> None:
    fail(times=2)
    assert fail(kind=FailureKind.PARSE_ERROR) is None

    assert state().troubles == 0
    assert fail(times=2) is None


def test_what_still_fails_during_a_rest_had_started_before_it_and_makes_it_no_longer() -> None:
    until = fail(times=3)

    for kind in FailureKind:
        assert fail(now=NOW + timedelta(seconds=30), kind=kind) == until

    assert (state().rests, state().rests_until) == (1, until)


def test_when_a_rest_is_over_the_first_is_a_probe_and_the_others_wait_for_its_outcome() -> None:
    fail(times=3)
    over = NOW + FIRST_REST
    assert enter(over - timedelta(seconds=1)) == Closed(ClosedReason.RESTING, over)

    assert enter(over) == 0

    assert enter(over) == Closed(ClosedReason.PROBING, over + timedelta(seconds=150))


def test_a_probe_that_is_answered_opens_the_source_to_everybody() -> None:
    fail(times=3)
    enter(NOW + FIRST_REST)

    gate.note_answer("practice", 20.0)

    assert [enter(NOW + FIRST_REST) for _ in range(3)] == [0, 0, 0]
    assert fail(times=2) is None


def test_a_probe_that_brings_an_unreadable_page_opens_the_source_too() -> None:
    fail(times=3)
    enter(NOW + FIRST_REST)

    fail(now=NOW + FIRST_REST, kind=FailureKind.PARSE_ERROR)

    assert [enter(NOW + FIRST_REST) for _ in range(3)] == [0, 0, 0]


def test_each_probe_that_fails_makes_the_next_rest_twice_as_long_until_an_hour() -> None:
    until, rests = fail(times=3), []
    for _ in range(6):
        assert until is not None
        begin = until
        assert enter(begin) == 0
        until = fail(now=begin)
        assert until is not None
        rests.append((until - begin).total_seconds())

    assert rests == [240, 480, 960, 1920, 3600, 3600]


def test_after_an_answer_the_next_rest_is_a_short_one_again() -> None:
    until = fail(times=3)
    assert until is not None
    enter(until)
    fail(now=until)
    gate.note_answer("practice", 20.0)

    assert fail(times=3) == NOW + FIRST_REST


def test_a_probe_that_never_comes_back_is_followed_by_another() -> None:
    fail(times=3)
    over = NOW + FIRST_REST
    enter(over)

    assert isinstance(enter(over + timedelta(seconds=149)), Closed)
    assert enter(over + timedelta(seconds=150)) == 0
    assert isinstance(enter(over + timedelta(seconds=150)), Closed)


def test_a_probe_that_is_given_up_lets_the_next_one_probe() -> None:
    fail(times=3)
    over = NOW + FIRST_REST
    enter(over)

    gate.release_probe("practice", over)

    assert enter(over) == 0
    assert isinstance(enter(over), Closed)


def test_who_was_no_probe_opens_the_gate_to_nobody() -> None:
    fail(times=3)
    over = NOW + FIRST_REST
    enter(over)

    gate.release_probe("practice", NOW)

    assert isinstance(enter(over), Closed)


def test_an_operator_can_end_a_rest() -> None:
    fail(times=3)

    gate.end_rest("practice")

    assert [enter(NOW) for _ in range(3)] == [0, 0, 0]


def test_one_source_resting_lets_another_go_on() -> None:
    fail(times=3)

    assert gate.enter("another", NOW) == 0


def test_how_long_answers_usually_take_follows_what_they_took() -> None:
    gate.state_of("practice")
    gate.note_answer("practice", 20.0)
    assert state().usual_seconds == 20

    gate.note_answer("practice", 30.0)

    assert state().usual_seconds == pytest.approx(22)


@pytest.fixture
def record(caro: User) -> CedulaInfo:
    return caro.cedula_info


def test_the_failure_that_begins_a_rest_costs_nobody_an_attempt_and_the_next_is_after_it(record: CedulaInfo) -> None:
    fail(times=2)
    outcomes.record_outcome(claimed=claim(record), outcome=BLOCKED, source="practice", now=NOW)

    record.refresh_from_db()
    assert (record.status, record.attempts, record.next_at) == (Status.PENDING, 0, NOW + FIRST_REST)
    assert record.is_retrying


@pytest.mark.parametrize("kind", FailureKind)
def test_nobodys_last_attempt_is_lost_to_a_rest(record: CedulaInfo, kind: FailureKind) -> None:
    CedulaInfo.objects.update(attempts=3)
    lookup = claim(record)
    until = fail(times=3)

    outcomes.record_outcome(claimed=lookup, outcome=Failure(kind, "late"), source="practice", now=NOW)

    record.refresh_from_db()
    assert (record.status, record.attempts, record.next_at) == (Status.PENDING, 3, until)


def test_all_who_were_in_flight_when_a_rest_began_keep_their_attempts(record: CedulaInfo) -> None:
    records = [record, *(make.person().cedula_info for _ in range(4))]
    claims = [claim(each) for each in records]

    for lookup in claims:
        outcomes.record_outcome(claimed=lookup, outcome=BLOCKED, source="practice", now=NOW)

    kept = CedulaInfo.objects.filter(pk__in=[each.pk for each in records])
    assert list(kept.order_by("pk").values_list("status", "attempts")) == [
        (Status.PENDING, 1),
        (Status.PENDING, 1),
        (Status.PENDING, 0),
        (Status.PENDING, 0),
        (Status.PENDING, 0),
    ]


def test_a_source_that_is_down_all_day_makes_nobody_fail(record: CedulaInfo) -> None:
    now, end = NOW, NOW + timedelta(hours=24)
    fail(times=3, now=now)
    while now < end:
        now = max(record.next_at, state().rests_until or now)
        outcomes.record_outcome(claimed=claim(record, now), outcome=BLOCKED, source="practice", now=now)
        record.refresh_from_db()

    assert (record.status, record.attempts) == (Status.PENDING, 0)
    assert LookupAttempt.objects.filter(outcome="blocked").count() >= 24


def test_who_has_spent_both_captchas_gives_up_even_at_the_beginning_of_a_rest(record: CedulaInfo) -> None:
    lookup = claim(record)
    CedulaInfo.objects.update(captchas=2, captcha_task="")
    fail(times=2)

    outcomes.record_outcome(claimed=lookup, outcome=BLOCKED, source="practice", now=NOW)

    record.refresh_from_db()
    assert record.status == Status.BLOCKED


def test_an_answer_that_comes_during_a_rest_ends_it(record: CedulaInfo) -> None:
    lookup = claim(record)
    fail(times=3)

    outcomes.record_outcome(claimed=lookup, outcome=NotFound(), source="practice", now=NOW)

    assert enter(NOW) == 0


def test_a_fault_of_ours_is_no_trouble_of_the_sources(record: CedulaInfo) -> None:
    fail(times=2)

    interrupt(claim(record))

    assert state().troubles == 2
    assert enter(NOW) == 0


def test_while_a_source_rests_nobody_is_claimed(record: CedulaInfo) -> None:
    fail(times=3)

    assert claim_next() is None


def test_what_an_attempt_cost_is_written_down_during_a_rest_too(record: CedulaInfo) -> None:
    lookup = claim(record)
    fail(times=3)
    spend = claims.CaptchaSpend(12.5, Decimal("0.003"))

    outcomes.record_outcome(claimed=lookup, outcome=BLOCKED, source="practice", now=NOW, spend=spend)

    attempt = LookupAttempt.objects.get()
    assert (attempt.outcome, attempt.captcha_cost) == ("blocked", Decimal("0.003"))


UNREADABLE = Failure(FailureKind.PARSE_ERROR, "the result says nothing known", "<p>Nuevo</p>")
FAULTS = [Fault.NO_BALANCE, Fault.WRONG_KEY, Fault.NO_SOLVER]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_ours_rests_the_source_for_that_reason_and_nobody_fails(record: CedulaInfo, fault: Fault) -> None:
    enter(NOW)
    fail(times=2)
    outcomes.record_fault(claimed=claim(record), fault=fault, source="practice", now=NOW)

    record.refresh_from_db()
    assert (record.status, record.attempts, record.error_message) == (Status.PENDING, 0, "")
    assert state().troubles == 2
    assert enter(NOW) == Closed(ClosedReason(fault), NOW + timedelta(minutes=5))
    turn = turns.turn_of(record, NOW)
    assert turn is not None
    assert "problema nuestro" in turn.notice
    assert "Registraduría" not in turn.notice


def test_after_a_fault_of_ours_one_probe_finds_out_whether_it_is_mended(record: CedulaInfo) -> None:
    outcomes.record_fault(claimed=claim(record), fault=Fault.NO_BALANCE, source="practice", now=NOW)
    later = NOW + timedelta(minutes=5)
    assert enter(later) == 0
    assert isinstance(enter(later), Closed)

    outcomes.record_outcome(claimed=claim(record, later), outcome=NotFound(), source="practice", now=later)
    assert (state().rest_reason, enter(later)) == ("", 0)


def meet_unreadable_pages(people: int, now: datetime = NOW) -> None:
    for _ in range(people):
        record = make.person().cedula_info
        CedulaInfo.objects.filter(pk=record.pk).update(next_at=now)
        outcomes.record_outcome(claimed=claim(record, now), outcome=UNREADABLE, source="practice", now=now)


def test_when_the_pages_cannot_be_read_any_more_the_gate_closes_for_an_hour_at_a_time(record: CedulaInfo) -> None:
    enter(NOW)
    meet_unreadable_pages(2)
    assert enter(NOW) == 0

    meet_unreadable_pages(1)
    hour = timedelta(hours=1)
    assert enter(NOW) == Closed(ClosedReason.CHANGED, NOW + hour)
    assert enter(NOW + hour) == 0
    meet_unreadable_pages(1, NOW + hour)
    assert enter(NOW + hour) == Closed(ClosedReason.CHANGED, NOW + 2 * hour)


def test_a_page_that_is_read_again_or_an_operator_opens_the_gate_that_a_changed_face_has_closed(
    record: CedulaInfo,
) -> None:
    meet_unreadable_pages(3)
    gate.end_rest("practice")
    assert enter(NOW) == 0

    meet_unreadable_pages(1)
    later = NOW + timedelta(hours=1)
    enter(later)
    outcomes.record_outcome(claimed=claim(record, later), outcome=NotFound(), source="practice", now=later)
    assert enter(later) == 0
