"""What is kept of a failure, read again and emptied: never more than is needed, never over a newer answer."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError

from tests import make
from tests.census.sources.reading.replies import FOUND, NOT_FOUND, NOVEDAD, success
from tests.census.worker.attempts import CLAIM, NOW, PLACE, SECOND, claim, fail_for_good, look_up
from tests.queues import queue_size
from vereda.accounts.models import User
from vereda.census import actions, evidence
from vereda.census.models import CedulaInfo, LookupAttempt, Reason, SourceState
from vereda.census.sources.port import Answer, Cancelled, Failure, FailureKind, Found, NotFound
from vereda.census.statuses import FAILURES, Status
from vereda.census.worker import claims, outcomes, rescue

pytestmark = pytest.mark.django_db

READER = "ajax 200 application/json"
DAY = timedelta(days=1)


@pytest.fixture
def record(caro: User) -> CedulaInfo:
    CedulaInfo.objects.update(next_at=NOW, requested_at=NOW)
    return CedulaInfo.objects.get(user=caro)


def unreadable(record: CedulaInfo, message: str = FOUND, *, reader: str = READER) -> Failure:
    """Return the failure of a reply that says something about a person, but not to the parser of that day."""
    body = success(message.replace("19000001", record.user.cedula))
    return Failure(FailureKind.PARSE_ERROR, "the result says nothing known", body, reader=reader)


def replay(*, is_dry_run: bool = False) -> evidence.ReplayCounts:
    return evidence.replay_all(now=NOW + DAY, is_dry_run=is_dry_run)


def test_a_failure_keeps_its_reply_with_date_source_and_reader_but_without_the_cedula(record: CedulaInfo) -> None:
    look_up(record, unreadable(record))

    assert "IE LA ESPERANZA" in record.raw_response
    assert (record.evidence_at, record.evidence_source, record.evidence_reader) == (NOW, "practice", READER)
    assert record.user.cedula not in record.raw_response


@pytest.mark.parametrize("kind", FailureKind)
def test_whatever_a_source_hands_over_is_scrubbed_and_cut(record: CedulaInfo, kind: FailureKind) -> None:
    dirty = f"C.C. {int(record.user.cedula):,} PHPSESSID=abc123; {'03AbC-_' * 70} " + "x " * 50_000
    look_up(record, Failure(kind, "why", dirty))

    assert record.raw_response.startswith("C.C. [cedula] PHPSESSID=[cookie]; [token] x x")
    assert len(record.raw_response) <= 20_000 + len("[cedula]")


def test_a_failure_without_a_reply_leaves_the_one_that_came_before(record: CedulaInfo) -> None:
    look_up(record, unreadable(record))
    look_up(record, Failure(FailureKind.TIMEOUT, "slow"), now=record.next_at)

    assert (record.evidence_at, record.evidence_reader) == (NOW, READER)
    assert "IE LA ESPERANZA" in record.raw_response


@pytest.mark.parametrize("outcome", [PLACE, NotFound()])
def test_an_answer_leaves_no_evidence(record: CedulaInfo, outcome: Answer) -> None:
    look_up(record, unreadable(record))
    look_up(record, outcome, now=record.next_at)

    assert (record.raw_response, record.evidence_at) == ("", None)
    assert (record.evidence_source, record.evidence_reader) == ("", "")


def test_a_new_request_leaves_no_evidence(record: CedulaInfo, caro: User) -> None:
    fail_for_good(record, unreadable(record))
    actions.request_lookup(record=record, requested_by=caro, reason=Reason.OWN, now=NOW + DAY)

    assert (record.raw_response, record.evidence_at, record.evidence_reader) == ("", None, "")


def test_the_database_itself_refuses_evidence_without_a_date(record: CedulaInfo) -> None:
    with pytest.raises(IntegrityError):
        CedulaInfo.objects.update(raw_response="<p>")


@pytest.mark.parametrize(
    ("message", "status", "outcome"),
    [
        (FOUND, Status.ACTIVE, "found"),
        (NOVEDAD, Status.CANCELLED_DECEASED, "cancelled"),
        (NOT_FOUND, Status.NOT_FOUND, "not_found"),
    ],
)
def test_a_reply_that_can_be_read_now_becomes_the_answer_of_the_day_it_came(
    record: CedulaInfo, message: str, status: Status, outcome: str
) -> None:
    fail_for_good(record, unreadable(record, message))
    came_at = record.evidence_at
    counts = replay()

    record.refresh_from_db()
    assert (counts.read, counts.answers[outcome], counts.unreadable, counts.overtaken) == (1, 1, 0, 0)
    assert (record.status, record.answer_status, record.answer_source) == (status, status, "practice")
    assert (record.fetched_at, record.error_message, record.raw_response) == (came_at, "", "")


def test_a_replay_is_written_down_as_one(record: CedulaInfo) -> None:
    fail_for_good(record, unreadable(record))
    replay()

    attempt = LookupAttempt.objects.latest("pk")
    assert (attempt.reason, attempt.outcome, attempt.source) == (Reason.REPLAY, "found", "practice")
    assert (attempt.started_at, attempt.ended_at, attempt.requested_by) == (NOW + DAY, NOW + DAY, None)
    assert attempt.captcha_cost is None
    assert "read again" in attempt.detail
    assert record.user.cedula not in attempt.detail


def test_a_replay_asks_nobody_and_moves_nothing_at_the_source(record: CedulaInfo) -> None:
    fail_for_good(record, unreadable(record))
    before = list(SourceState.objects.values())
    messages = queue_size()
    replay()

    assert list(SourceState.objects.values()) == before
    assert queue_size() == messages


def test_somebody_whose_retry_is_still_to_come_is_answered_and_not_looked_up_again(record: CedulaInfo) -> None:
    look_up(record, unreadable(record))
    CedulaInfo.objects.update(captcha_task="79000000001")
    replay()

    record.refresh_from_db()
    assert (record.status, record.captcha_task) == (Status.ACTIVE, "")
    assert claims.claim(user_id=record.user_id, now=NOW + DAY) is None


def test_a_refresh_that_failed_is_answered_by_the_newer_reply(record: CedulaInfo, caro: User) -> None:
    look_up(record, PLACE)
    later = NOW + DAY
    actions.request_lookup(record=record, requested_by=caro, reason=Reason.OWN, now=later)
    for _ in range(4):
        look_up(record, unreadable(record), now=max(later, record.next_at))
    assert (record.status, record.puesto) == (Status.ACTIVE, "IE EL SAUCE")
    seen = record.version
    replay()

    record.refresh_from_db()
    assert (record.status, record.puesto, record.error_message) == (Status.ACTIVE, "IE LA ESPERANZA", "")
    assert record.fetched_at is not None
    assert record.fetched_at > later
    assert record.version != seen  # or an open page would not show it


def test_an_answer_that_is_newer_than_the_evidence_stays(record: CedulaInfo) -> None:
    look_up(record, unreadable(record))
    CedulaInfo.objects.update(
        status=Status.NOT_FOUND, answer_status=Status.NOT_FOUND, answer_source="practice", fetched_at=NOW + SECOND
    )

    assert replay().read == 0
    record.refresh_from_db()
    assert (record.status, record.puesto) == (Status.NOT_FOUND, "")


def test_a_claim_in_flight_is_left_alone(record: CedulaInfo) -> None:
    look_up(record, unreadable(record))
    claimed = claim(record, record.next_at)

    assert replay().read == 0
    record.refresh_from_db()
    assert (record.status, record.claim_token) == (Status.PROCESSING, claimed.token)


@pytest.mark.parametrize("event", ["claimed", "answered", "failed again", "asked for anew"])
def test_what_happened_while_its_evidence_was_read_wins(record: CedulaInfo, caro: User, event: str) -> None:
    fail_for_good(record, unreadable(record))
    seen = CedulaInfo.objects.get(pk=record.pk)
    later = NOW + DAY
    actions.request_lookup(record=record, requested_by=caro, reason=Reason.OWN, now=later)
    if event == "claimed":
        claim(record, later)
    elif event == "answered":
        look_up(record, NotFound(), now=later)
    elif event == "failed again":
        look_up(record, unreadable(record, NOT_FOUND), now=later)
    before = CedulaInfo.objects.values().get(pk=record.pk)

    assert not evidence.replay(record=seen, answer=PLACE, now=later + SECOND)
    assert CedulaInfo.objects.values().get(pk=record.pk) == before
    assert not LookupAttempt.objects.filter(reason=Reason.REPLAY).exists()


def test_a_worker_that_was_rescued_away_cannot_write_over_a_replayed_answer(record: CedulaInfo) -> None:
    look_up(record, unreadable(record))
    frozen = claim(record, record.next_at)
    late = record.next_at + CLAIM + SECOND
    rescue.rescue_all(now=late)
    replay()

    assert not outcomes.record_outcome(claimed=frozen, outcome=NotFound(), source="practice", now=late)
    record.refresh_from_db()
    assert record.status == Status.ACTIVE


def test_reading_twice_stores_once(record: CedulaInfo) -> None:
    fail_for_good(record, unreadable(record))

    assert [replay().answers.total() for _ in range(2)] == [1, 0]
    assert LookupAttempt.objects.filter(reason=Reason.REPLAY).count() == 1


@pytest.mark.parametrize(
    "failure",
    [
        Failure(FailureKind.PARSE_ERROR, "why", "<p>Algo que todavía nadie sabe leer</p>", reader=READER),
        Failure(FailureKind.BLOCKED, "why", success(NOT_FOUND)),
        Failure(FailureKind.TIMEOUT, "why", reader=READER),
    ],
)
def test_what_is_still_no_answer_changes_nothing(record: CedulaInfo, failure: Failure) -> None:
    fail_for_good(record, failure)
    before = CedulaInfo.objects.values().get(pk=record.pk)

    assert not replay().answers
    assert CedulaInfo.objects.values().get(pk=record.pk) == before
    assert before["status"] in FAILURES


def test_more_people_than_are_read_at_a_time(record: CedulaInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "BATCH", 2)
    for _ in range(4):
        make.person()
    CedulaInfo.objects.update(next_at=NOW, requested_at=NOW)
    for somebody in CedulaInfo.objects.select_related("user"):
        look_up(somebody, unreadable(somebody))
    everybody = CedulaInfo.objects.count()

    assert replay().answers == {"found": everybody}
    assert CedulaInfo.objects.filter(status=Status.ACTIVE).count() == everybody


def run(command: str, *arguments: str) -> str:
    output = StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue()


def test_the_command_prints_counts_and_nothing_about_anybody(record: CedulaInfo, caplog: Any) -> None:
    fail_for_good(record, unreadable(record))
    caplog.set_level("DEBUG")
    printed = run("replay")

    assert dict(line.split() for line in printed.splitlines()) == {
        "read": "1",
        "found": "1",
        "cancelled": "0",
        "not_found": "0",
        "unreadable": "0",
        "overtaken": "0",
    }
    for text in (record.user.cedula, record.user.full_name, "ESPERANZA"):
        assert text not in printed + caplog.text


def test_a_dry_run_says_what_would_be_stored_and_stores_nothing(record: CedulaInfo) -> None:
    fail_for_good(record, unreadable(record))
    before = CedulaInfo.objects.values().get(pk=record.pk)
    printed = run("replay", "--dry-run")

    assert "found      1" in printed
    assert "Nothing was stored." in printed
    assert CedulaInfo.objects.values().get(pk=record.pk) == before
    assert not LookupAttempt.objects.filter(reason=Reason.REPLAY).exists()


def test_evidence_goes_when_its_days_are_over_and_the_rest_stays(record: CedulaInfo, settings: Any) -> None:
    settings.EVIDENCE_DAYS = 30
    fail_for_good(record, unreadable(record))
    came_at = record.evidence_at
    assert came_at is not None
    before = CedulaInfo.objects.values().get(pk=record.pk)

    assert evidence.purge(now=came_at + 30 * DAY) == 0
    assert evidence.purge(now=came_at + 30 * DAY + SECOND) == 1
    gone = {"raw_response": "", "evidence_at": None, "evidence_source": "", "evidence_reader": ""}
    assert CedulaInfo.objects.values().get(pk=record.pk) == {**before, **gone}


def test_more_evidence_than_is_emptied_at_a_time(record: CedulaInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "BATCH", 2)
    for _ in range(4):
        make.person()
    CedulaInfo.objects.update(raw_response="<p>", evidence_at=NOW)
    everybody = CedulaInfo.objects.count()

    assert evidence.purge(now=NOW + 31 * DAY) == everybody
    assert not CedulaInfo.objects.with_evidence().exists()


def test_a_lookup_in_flight_goes_on_when_its_evidence_is_emptied(record: CedulaInfo) -> None:
    look_up(record, unreadable(record))
    later = NOW + 31 * DAY
    claimed = claim(record, later)
    evidence.purge(now=later)

    assert outcomes.record_outcome(claimed=claimed, outcome=PLACE, source="practice", now=later + SECOND)


def test_an_answer_of_each_kind_can_be_read_again(record: CedulaInfo) -> None:
    """What `replay` stores goes by the same way as an answer that a worker brings."""
    for answer in (PLACE, NotFound(), Cancelled("Cancelada por Muerte", "1", "2"), Found("A", "B", "C")):
        CedulaInfo.objects.filter(pk=record.pk).update(raw_response="x", evidence_at=NOW, evidence_reader=READER)
        CedulaInfo.objects.filter(pk=record.pk).update(status=Status.PENDING, fetched_at=None)
        record.refresh_from_db()
        assert evidence.replay(record=record, answer=answer, now=NOW + DAY)
