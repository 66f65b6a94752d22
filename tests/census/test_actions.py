"""The lifecycle of a record, through the only module that writes it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django_q.models import Schedule

from tests import make, queues
from tests.census.worker.attempts import (
    BLOCKED,
    CLAIM,
    MOST_ATTEMPTS,
    NOW,
    PLACE,
    SECOND,
    claim,
    fail_for_good,
    look_up,
)
from vereda.accounts.models import User
from vereda.census import actions, queue
from vereda.census.models import CedulaInfo, LookupAttempt, Reason
from vereda.census.sources.port import Cancelled, Failure, FailureKind, NotFound, Outcome
from vereda.census.statuses import FINAL, Status
from vereda.census.worker import claims, outcomes, rescue


@pytest.fixture
def record(caro: User) -> CedulaInfo:
    return caro.cedula_info


def test_a_new_person_has_a_record_that_waits(record: CedulaInfo, caro: User) -> None:
    assert (record.status, record.attempts, record.requested_by) == (Status.PENDING, 0, caro)
    assert not record.is_final


def test_a_new_person_sends_a_message_once_the_transaction_is_through(
    db: None, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        nora = make.person()
        assert not queues.sent()

    (message,) = queues.messages()
    assert (message["func"], message["args"]) == (queue.LOOKUP_TASK, (nora.pk,))


def test_a_person_changed_later_sends_nothing(caro: User, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        caro.save()

    assert callbacks == []


def test_a_person_joins_although_the_queue_is_out_of_reach_and_it_is_logged(
    db: None, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def no_queue(*args: object, **kwargs: object) -> None:
        raise ConnectionError("the broker is away")

    monkeypatch.setattr(queue, "async_task", no_queue)
    with django_capture_on_commit_callbacks(execute=True):
        nora = make.person()

    assert nora.cedula_info.status == Status.PENDING
    assert "the broker is away" in caplog.text
    assert CedulaInfo.objects.due(NOW).filter(user=nora).exists()


def test_a_queue_out_of_reach_is_tried_once_for_all_the_messages_of_a_request(
    db: None, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_queue(*args: object, **kwargs: object) -> None:
        tried.append(args)
        raise TimeoutError

    tried: list[object] = []
    monkeypatch.setattr(queue, "async_task", no_queue)
    with django_capture_on_commit_callbacks(execute=True):
        queue.send_on_commit(1, 2, 3)

    assert len(tried) == 1


def test_a_claim_is_given_to_one_worker_only(record: CedulaInfo) -> None:
    assert claims.claim(user_id=record.user_id, now=NOW) is not None
    assert claims.claim(user_id=record.user_id, now=NOW) is None


def test_a_claim_counts_the_attempt_and_expires(record: CedulaInfo) -> None:
    claim(record)

    record.refresh_from_db()
    assert (record.status, record.attempts) == (Status.PROCESSING, 1)
    assert record.claim_expires_at == NOW + CLAIM


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (PLACE, Status.ACTIVE),
        (NotFound(), Status.NOT_FOUND),
        (Cancelled("Cancelada por Muerte", "12", "05/03/2021"), Status.CANCELLED_DECEASED),
        (Cancelled("Cancelada por Falsa Identidad"), Status.CANCELLED_OTHER),
    ],
)
def test_an_answer_is_final_with_its_date_and_source(record: CedulaInfo, outcome: Outcome, status: Status) -> None:
    look_up(record, outcome)

    assert (record.status, record.answer_status, record.is_final) == (status, status, True)
    assert (record.fetched_at, record.answer_source, record.error_message) == (NOW, "practice", "")


def test_an_answer_replaces_the_whole_one_before(record: CedulaInfo, caro: User) -> None:
    look_up(record, PLACE)
    actions.request_lookup(record=record, requested_by=caro, reason=Reason.OWN, now=NOW)
    look_up(record, Cancelled("Cancelada por Muerte", "12", "05/03/2021"))

    assert (record.municipio, record.puesto, record.mesa) == ("", "", "")
    assert (record.novedad, record.resolucion, record.fecha_novedad) == ("Cancelada por Muerte", "12", "05/03/2021")


def test_a_place_replaces_the_novedad_before(record: CedulaInfo, caro: User) -> None:
    look_up(record, Cancelled("Cancelada por Doble Cedulación", "12", "05/03/2021"))
    actions.request_lookup(record=record, requested_by=caro, reason=Reason.OWN, now=NOW)
    look_up(record, PLACE)

    assert (record.novedad, record.resolucion, record.fecha_novedad) == ("", "", "")
    assert (record.status, record.puesto, record.direccion) == (Status.ACTIVE, "IE EL SAUCE", "CL 18 # 24-30")


def test_a_failure_is_retried_after_60_300_and_900_seconds_by_one_time_schedules(record: CedulaInfo) -> None:
    now, delays = NOW, []
    for _ in range(3):
        look_up(record, BLOCKED, now=now)
        delays.append((record.next_at - now).total_seconds())
        now = record.next_at

    sent = Schedule.objects.filter(func=queue.LOOKUP_TASK, schedule_type=Schedule.ONCE)
    assert delays == [60, 300, 900]
    assert record.status == Status.PENDING
    assert [message.next_run for message in sent.order_by("next_run")] == [
        NOW + timedelta(seconds=seconds) for seconds in (60, 360, 1260)
    ]


def test_while_a_retry_is_due_later_the_person_is_told_so_and_nobody_claims(record: CedulaInfo) -> None:
    look_up(record, BLOCKED)

    assert (record.is_retrying, record.is_final) == (True, False)
    assert record.error_message == "La página de la Registraduría no nos dejó consultar."
    assert claims.claim(user_id=record.user_id, now=NOW + timedelta(seconds=59)) is None
    assert claims.claim(user_id=record.user_id, now=NOW + timedelta(seconds=60)) is not None


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FailureKind.BLOCKED, Status.BLOCKED),
        (FailureKind.TIMEOUT, Status.TIMEOUT),
        (FailureKind.NETWORK_ERROR, Status.ERROR),
        (FailureKind.PARSE_ERROR, Status.ERROR),
        (FailureKind.CAPTCHA_FAILED, Status.ERROR),
    ],
)
def test_after_the_last_retry_the_failure_shows_with_its_evidence(
    record: CedulaInfo, kind: FailureKind, status: Status
) -> None:
    fail_for_good(record, Failure(kind, "why", "what it said"))

    assert (record.status, record.attempts, record.raw_response) == (status, 4, "what it said")
    assert record.error_message


def test_a_failed_refresh_leaves_the_last_answer_with_its_own_date(record: CedulaInfo, caro: User) -> None:
    look_up(record, PLACE)
    later = NOW + timedelta(days=1)
    actions.request_lookup(record=record, requested_by=caro, reason=Reason.OWN, now=later)
    assert (record.status, record.puesto, record.fetched_at) == (Status.PENDING, "IE EL SAUCE", NOW)

    for _ in range(MOST_ATTEMPTS):
        look_up(record, BLOCKED, now=max(later, record.next_at))

    assert (record.status, record.puesto, record.fetched_at) == (Status.ACTIVE, "IE EL SAUCE", NOW)
    assert record.error_message


def test_asking_again_within_the_cooldown_is_refused_with_the_time_left(record: CedulaInfo, caro: User) -> None:
    look_up(record, PLACE)
    actions.request_lookup(record=record, requested_by=caro, reason=Reason.OWN, now=NOW)
    look_up(record, PLACE)

    soon = NOW + timedelta(seconds=10)
    with pytest.raises(actions.TooSoonError) as refusal:
        actions.request_lookup(record=record, requested_by=caro, reason=Reason.OWN, now=soon)
    assert refusal.value.seconds == 20


def test_asking_while_a_lookup_is_under_way_changes_nothing(record: CedulaInfo, caro: User) -> None:
    claim(record)

    assert not actions.request_lookup(record=record, requested_by=caro, reason=Reason.OWN, now=NOW)
    assert record.status == Status.PROCESSING


def test_a_worker_that_lost_its_claim_cannot_write(record: CedulaInfo) -> None:
    frozen = claim(record)
    later = NOW + CLAIM + SECOND
    rescue.rescue_all(now=later)
    look_up(record, NotFound(), now=later)

    for late in (PLACE, BLOCKED):
        assert not outcomes.record_outcome(claimed=frozen, outcome=late, source="practice", now=later)
    record.refresh_from_db()
    assert (record.status, record.puesto) == (Status.NOT_FOUND, "")


def test_releasing_a_claim_does_not_count_as_an_attempt_and_sends_a_message_at_once(
    record: CedulaInfo, django_capture_on_commit_callbacks: Any
) -> None:
    later = NOW + timedelta(seconds=20)
    with django_capture_on_commit_callbacks(execute=True):
        outcomes.release(claimed=claim(record), source="practice", now=later)

    record.refresh_from_db()
    assert (record.status, record.attempts, record.claim_token, record.claimed_by) == (Status.PENDING, 0, None, "")
    assert (record.next_at, record.error_message) == (later, "")
    assert queues.sent() == [record.user_id]
    assert LookupAttempt.objects.get().outcome == "released"


def test_a_claim_that_was_ended_meanwhile_cannot_be_released(record: CedulaInfo) -> None:
    frozen = claim(record)
    later = NOW + CLAIM + SECOND
    rescue.rescue_all(now=later)
    claim(record, later)

    assert not outcomes.release(claimed=frozen, source="practice", now=later)
    record.refresh_from_db()
    assert (record.status, record.attempts) == (Status.PROCESSING, 2)


def test_an_abandoned_claim_ends_when_it_has_expired(record: CedulaInfo) -> None:
    claim(record)
    assert [rescue.rescue_all(now=NOW + CLAIM + late) for late in (-SECOND, SECOND)] == [0, 1]

    record.refresh_from_db()
    assert record.status == Status.PENDING


def test_a_lookup_that_kills_its_worker_each_time_gives_up_visibly(record: CedulaInfo) -> None:
    now = NOW
    for _ in range(4):
        claim(record, now)
        now += CLAIM + SECOND
        rescue.rescue_all(now=now)

    record.refresh_from_db()
    assert record.status == Status.ERROR
    assert record.error_message
    assert set(LookupAttempt.objects.values_list("outcome", flat=True)) == {"lost"}


def test_every_attempt_is_written_down_with_its_captcha_and_nothing_personal(record: CedulaInfo, caro: User) -> None:
    spend = claims.CaptchaSpend(seconds=21.5, cost=Decimal("0.00299"))
    outcomes.record_outcome(claimed=claim(record), outcome=PLACE, source="practice", now=NOW, spend=spend)

    attempt = LookupAttempt.objects.get()
    assert (attempt.record, attempt.requested_by, attempt.reason) == (record, caro, Reason.REGISTRATION)
    assert (attempt.outcome, attempt.captcha_seconds, attempt.captcha_cost) == ("found", 21.5, Decimal("0.00299"))
    assert caro.cedula not in str(vars(attempt))


@pytest.mark.parametrize("status", FINAL)
def test_the_database_itself_refuses_an_impossible_record(record: CedulaInfo, status: Status) -> None:
    with pytest.raises(IntegrityError):
        CedulaInfo.objects.filter(pk=record.pk).update(status=status, claim_token="0" * 32)


def test_the_database_itself_refuses_a_found_person_without_a_place(record: CedulaInfo) -> None:
    with pytest.raises(IntegrityError):
        CedulaInfo.objects.filter(pk=record.pk).update(status="ACTIVE", answer_status="ACTIVE", fetched_at=NOW)
