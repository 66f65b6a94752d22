"""Faults of ours: workers that die, freeze or have no browser. They are counted, told as ours, and end visibly."""

import os
from datetime import timedelta
from typing import Any

import pytest
from django_q.models import Schedule

from tests import make
from tests.census.worker.attempts import (
    CLAIM,
    MOST_ATTEMPTS,
    NOW,
    PLACE,
    SECOND,
    begin_again,
    claim,
    interrupt,
    look_up,
)
from tests.queues import sent
from vereda.accounts.models import User
from vereda.census import actions, queue
from vereda.census.models import CedulaInfo, LookupAttempt, Reason, SourceState
from vereda.census.statuses import Status
from vereda.census.worker import claims, heartbeat, outcomes, rescue

pytestmark = pytest.mark.django_db

HERE = "aqui-1-1"
DEAD, ALIVE = 40_001, 40_002


@pytest.fixture
def record(caro: User) -> CedulaInfo:
    """The only one there is."""
    User.objects.exclude(pk=caro.pk).delete()
    return caro.cedula_info


def claimed_by(pid: int, monkeypatch: pytest.MonkeyPatch, *, key: str = HERE) -> CedulaInfo:
    """Return the record of somebody whom a process of a cluster looks up."""
    record = make.person().cedula_info
    monkeypatch.setenv(heartbeat.KEY_VARIABLE, key)
    with monkeypatch.context() as process:
        process.setattr(os, "getpid", lambda: pid)
        claim(record)
    return record


def rescue_from_dead() -> int:
    return rescue.rescue_from_dead(worker_key=HERE, alive_pids=lambda: {ALIVE}, now=NOW)


def status_of(record: CedulaInfo) -> Status:
    record.refresh_from_db()
    return Status(record.status)


def test_a_fault_of_ours_is_counted_as_a_loss_and_not_told_as_the_sites(record: CedulaInfo) -> None:
    assert interrupt(claim(record))

    record.refresh_from_db()
    assert (record.status, record.attempts, record.losses) == (Status.PENDING, 1, 1)
    assert record.is_retrying
    assert "Registraduría" not in record.error_message


def test_after_a_fault_of_ours_the_next_attempt_waits_as_after_any_failure(record: CedulaInfo) -> None:
    interrupt(claim(record))

    record.refresh_from_db()
    assert record.next_at == NOW + timedelta(seconds=60)
    assert Schedule.objects.get(func=queue.LOOKUP_TASK).next_run == record.next_at


def test_a_fault_of_ours_is_written_down_with_what_it_was(record: CedulaInfo) -> None:
    interrupt(claim(record))

    attempt = LookupAttempt.objects.get()
    assert (attempt.outcome, attempt.detail, attempt.source) == ("lost", "no browser", "practice")


def test_faults_of_ours_again_and_again_end_in_a_failure_that_shows(record: CedulaInfo) -> None:
    for _ in range(MOST_ATTEMPTS):
        interrupt(claim(record, record.next_at))
        record.refresh_from_db()

    assert (record.status, record.attempts, record.losses) == (Status.ERROR, 4, 4)


def test_faults_of_ours_again_and_again_leave_the_last_answer(record: CedulaInfo, caro: User) -> None:
    look_up(record, PLACE)
    actions.request_lookup(record=record, requested_by=caro, reason=Reason.OWN, now=NOW)
    for _ in range(MOST_ATTEMPTS):
        interrupt(claim(record, record.next_at))
        record.refresh_from_db()

    assert (record.status, record.puesto, record.fetched_at) == (Status.ACTIVE, PLACE.puesto, NOW)
    assert record.error_message


def test_a_rescued_person_comes_back_at_once_and_the_loss_is_counted(record: CedulaInfo) -> None:
    claim(record)
    later = NOW + CLAIM + SECOND
    rescue.rescue_all(now=later)

    record.refresh_from_db()
    assert (record.status, record.next_at) == (Status.PENDING, later)
    assert (record.attempts, record.losses) == (1, 1)
    assert LookupAttempt.objects.get().detail == "the claim ran out"


def test_a_claim_that_was_renewed_does_not_end_at_its_first_expiry(record: CedulaInfo) -> None:
    begin_again(claim(record), NOW + timedelta(seconds=60))
    rescue.rescue_all(now=NOW + CLAIM + SECOND)

    assert status_of(record) == Status.PROCESSING


def test_a_claim_that_is_renewed_during_a_rescue_stays_with_its_worker(
    record: CedulaInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_claim, later = rescue._end_claim, NOW + CLAIM + SECOND

    def renew_first(found: CedulaInfo, **arguments: Any) -> None:
        begin_again(claims.claim_on(found), later)
        end_claim(found, **arguments)

    claim(record)
    monkeypatch.setattr(rescue, "_end_claim", renew_first)
    rescue.rescue_all(now=later)

    assert status_of(record) == Status.PROCESSING


def test_a_rescue_while_the_source_rests_ends_the_claim(record: CedulaInfo) -> None:
    claim(record)
    later = NOW + CLAIM + SECOND
    SourceState.objects.update_or_create(
        source="practice", defaults={"rests": 1, "rests_until": later + timedelta(minutes=1)}
    )

    assert rescue.rescue_all(now=later) == 1
    assert status_of(record) == Status.PENDING


def test_a_rescue_gives_a_record_to_people_who_have_none(record: CedulaInfo, caro: User) -> None:
    record.delete()

    rescue.rescue_all(now=NOW)

    assert CedulaInfo.objects.get(user=caro).status == Status.PENDING


def test_a_rescue_forgets_clusters_that_ended_long_ago(record: CedulaInfo) -> None:
    heartbeat.register("old", 1, now=NOW - timedelta(days=2))
    heartbeat.register("new", 1, now=NOW)

    rescue.rescue_all(now=NOW)

    assert list(heartbeat.Worker.objects.values_list("key", flat=True)) == ["new"]


def test_what_a_dead_process_held_ends_at_once_and_sends_a_message(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    held = claimed_by(DEAD, monkeypatch)
    with django_capture_on_commit_callbacks(execute=True):
        assert rescue_from_dead() == 1

    held.refresh_from_db()
    assert (held.status, held.next_at) == (Status.PENDING, NOW)
    assert (held.attempts, held.losses) == (1, 1)
    assert LookupAttempt.objects.get().detail == "its worker died"
    assert sent() == [held.user_id]


def test_what_a_running_process_holds_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    held = claimed_by(ALIVE, monkeypatch)

    assert rescue_from_dead() == 0
    assert status_of(held) == Status.PROCESSING


def test_a_process_that_starts_and_claims_during_the_look_is_not_taken_for_a_dead_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[CedulaInfo] = []

    def alive() -> set[int]:
        started.append(claimed_by(DEAD, monkeypatch))
        return {ALIVE}

    assert rescue.rescue_from_dead(worker_key=HERE, alive_pids=alive, now=NOW) == 0
    assert status_of(started[0]) == Status.PROCESSING


@pytest.mark.parametrize("key", ["otra-1-1", "aqui-1-12", "aqui-1", "aqui_1-1", "aqui%"])
def test_what_another_cluster_holds_is_not_for_this_one_to_judge(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    held = claimed_by(DEAD, monkeypatch, key=key)

    assert rescue_from_dead() == 0
    assert status_of(held) == Status.PROCESSING


def test_what_a_dead_process_released_in_time_does_not_end_again(monkeypatch: pytest.MonkeyPatch) -> None:
    held = claimed_by(DEAD, monkeypatch)
    held.refresh_from_db()
    outcomes.release(claimed=claims.claim_on(held), source="practice", now=NOW)

    assert rescue_from_dead() == 0
    held.refresh_from_db()
    assert (held.attempts, held.losses) == (0, 0)
