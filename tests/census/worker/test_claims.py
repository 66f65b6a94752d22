"""Whose turn it is, and what a claim is good for."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests import make
from tests.census.worker.attempts import BLOCKED, CLAIM, NOW, SECOND, begin_again, claim, claim_next, interrupt, look_up
from vereda.accounts.models import User
from vereda.census import actions, gate
from vereda.census.models import CedulaInfo, Priority, Reason, SourceState
from vereda.census.sources.port import NotFound
from vereda.census.statuses import Status
from vereda.census.worker import claims, heartbeat, outcomes, rescue
from vereda.census.worker.claims import Claim, ClaimLostError, NobodyDueError

pytestmark = pytest.mark.django_db


@pytest.fixture
def record(caro: User) -> CedulaInfo:
    """The only one that waits, since just now."""
    CedulaInfo.objects.exclude(user=caro).delete()
    CedulaInfo.objects.update(next_at=NOW)
    return CedulaInfo.objects.get(user=caro)


def waiting(*, minutes: float = 0, priority: Priority = Priority.AT_A_SCREEN, **fields: Any) -> int:
    """Return the id of somebody who has been waiting for so many minutes."""
    user = make.person()
    fields.update(next_at=NOW - timedelta(minutes=minutes), priority=priority)
    CedulaInfo.objects.filter(user=user).update(**fields)
    return user.pk


def next_claim(*, is_alone: bool = True) -> Claim | None:
    taken = claim_next(is_alone=is_alone)
    return taken and taken[0]


def claimed_ids() -> list[int]:
    """Claim whoever's turn it is until nobody is left, and return them in turn."""
    ids = []
    while claimed := next_claim():
        ids.append(claimed.user_id)
    return ids


def test_people_at_a_screen_come_before_those_in_bulk_and_the_oldest_first(db: None) -> None:
    bulk_old = waiting(minutes=60, priority=Priority.IN_BULK)
    screen_new = waiting(minutes=1)
    bulk_new = waiting(minutes=2, priority=Priority.IN_BULK)
    screen_old = waiting(minutes=5)

    assert claimed_ids() == [screen_old, screen_new, bulk_old, bulk_new]


def test_of_those_due_at_the_same_moment_who_joined_first_comes_first(db: None) -> None:
    ids = [waiting() for _ in range(3)]

    assert claimed_ids() == ids


def test_who_is_not_due_yet_or_looked_up_already_is_not_claimed(record: CedulaInfo) -> None:
    waiting(minutes=-1)
    look_up(record, NotFound())

    assert next_claim() is None


@pytest.mark.parametrize(
    ("reason", "priority"),
    [
        (Reason.REGISTRATION, Priority.AT_A_SCREEN),
        (Reason.OWN, Priority.AT_A_SCREEN),
        (Reason.LEADER, Priority.AT_A_SCREEN),
        (Reason.BULK, Priority.IN_BULK),
        (Reason.RECHECK, Priority.IN_BULK),
        (Reason.REPLAY, Priority.IN_BULK),
    ],
)
def test_each_reason_says_whether_somebody_waits_at_a_screen(
    record: CedulaInfo, caro: User, reason: Reason, priority: Priority
) -> None:
    look_up(record, NotFound())
    later = NOW + timedelta(days=1)  # the answer is not young any more
    CedulaInfo.objects.update(requested_at=NOW)
    actions.request_lookup(record=record, requested_by=caro, reason=reason, now=later)

    assert record.priority == priority


def test_a_claim_is_signed_by_the_process_that_holds_it(record: CedulaInfo) -> None:
    claim(record)

    record.refresh_from_db()
    assert record.claimed_by == heartbeat.own_name()


def test_a_paused_source_gets_nobody(record: CedulaInfo) -> None:
    gate.state_of("practice")
    SourceState.objects.update(is_paused=True)

    assert next_claim() is None
    record.refresh_from_db()
    assert (record.status, record.attempts) == (Status.PENDING, 0)


def test_without_a_slot_nobody_is_claimed(record: CedulaInfo) -> None:
    gate.enter("practice", NOW)

    wait = claims.begin(source="practice", now=NOW, is_alone=True)
    assert isinstance(wait, float)
    assert wait > 4
    record.refresh_from_db()
    assert (record.status, record.attempts) == (Status.PENDING, 0)


def test_with_nobody_to_claim_no_slot_is_taken(record: CedulaInfo) -> None:
    record.delete()

    with pytest.raises(NobodyDueError):
        claims.begin(source="practice", now=NOW, is_alone=True)
    assert not SourceState.objects.exclude(free_at=0).exists()


def test_who_killed_two_workers_is_looked_up_alone(record: CedulaInfo) -> None:
    CedulaInfo.objects.update(losses=2)

    assert next_claim(is_alone=False) is None
    claimed = next_claim(is_alone=True)
    assert claimed is not None
    assert claimed.must_run_alone


def test_who_killed_one_worker_may_have_been_unlucky(record: CedulaInfo) -> None:
    CedulaInfo.objects.update(losses=1)

    claimed = next_claim(is_alone=False)
    assert claimed is not None
    assert not claimed.must_run_alone


def test_a_lookup_that_must_run_alone_keeps_its_turn(record: CedulaInfo) -> None:
    alone = waiting(minutes=5, losses=2)

    assert next_claim(is_alone=False) is None
    claimed = next_claim(is_alone=True)
    assert claimed is not None
    assert claimed.user_id == alone


def test_those_whose_turn_is_before_one_that_must_run_alone_go_first(record: CedulaInfo) -> None:
    urgent = waiting(minutes=5)
    waiting(minutes=4, losses=2)

    claimed = next_claim(is_alone=False)
    assert claimed is not None
    assert claimed.user_id == urgent


def test_when_others_take_who_was_in_turn_the_next_is_tried(
    record: CedulaInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = waiting(minutes=5)
    first_come = claims.claim

    def claim_after_somebody_else(*, user_id: int, now: Any) -> Claim | None:
        if user_id == taken:
            first_come(user_id=user_id, now=now)
        return first_come(user_id=user_id, now=now)

    monkeypatch.setattr(claims, "claim", claim_after_somebody_else)

    claimed = next_claim()
    assert claimed is not None
    assert claimed.user_id == record.user_id


def next_due_at() -> datetime | None:
    turn = claims.next_turn(sources=["practice"], now=NOW, is_alone=False)
    assert isinstance(turn, float)
    return None if turn == math.inf else NOW + timedelta(seconds=turn)


def test_it_is_worth_while_to_claim_again_when_the_next_attempt_is_due(record: CedulaInfo) -> None:
    waiting(minutes=-5)
    waiting(minutes=-3)
    look_up(record, NotFound())

    assert next_due_at() == NOW + timedelta(minutes=3)


def test_who_is_due_already_is_nobody_to_wake_up_for(record: CedulaInfo) -> None:
    waiting(minutes=1, losses=2)

    assert next_due_at() is None


def test_while_a_source_rests_it_is_worth_while_to_claim_again_when_it_has_rested(record: CedulaInfo) -> None:
    waiting(minutes=-3)
    until = NOW + timedelta(minutes=9)
    SourceState.objects.update_or_create(source="practice", defaults={"rests": 1, "rests_until": until})

    assert next_due_at() == until


def test_while_a_source_is_paused_nobody_knows_when_it_is_worth_while(record: CedulaInfo) -> None:
    waiting(minutes=-3)
    SourceState.objects.update_or_create(source="practice", defaults={"is_paused": True})

    assert next_due_at() is None


def test_a_further_request_gives_the_claim_its_whole_time_from_then_on(record: CedulaInfo) -> None:
    later = NOW + timedelta(seconds=100)
    started = begin_again(claim(record), later)

    record.refresh_from_db()
    assert (record.claimed_at, record.claim_expires_at) == (later, later + CLAIM)
    assert started.claimed_at == later
    assert record.attempts == 1


def test_who_lost_the_claim_sends_no_further_request(record: CedulaInfo) -> None:
    frozen = claim(record)
    later = NOW + CLAIM + SECOND
    rescue.rescue_all(now=later)

    with pytest.raises(ClaimLostError):
        begin_again(frozen, later)


def test_who_has_a_claim_after_another_one_sends_nothing_with_the_first(record: CedulaInfo) -> None:
    frozen = claim(record)
    later = NOW + CLAIM + SECOND
    rescue.rescue_all(now=later)
    claim(record, later)

    with pytest.raises(ClaimLostError):
        begin_again(frozen, later)


@pytest.mark.parametrize("outcome", ["answer", "failure", "interruption", "release", "captcha"])
def test_a_token_that_is_not_the_records_writes_nothing_at_all(record: CedulaInfo, outcome: str) -> None:
    forged = replace(claim(record), token=uuid4())
    before = CedulaInfo.objects.values().get(pk=record.pk)
    spoil = {
        "answer": lambda: outcomes.record_outcome(claimed=forged, outcome=NotFound(), source="practice", now=NOW),
        "failure": lambda: outcomes.record_outcome(claimed=forged, outcome=BLOCKED, source="practice", now=NOW),
        "interruption": lambda: interrupt(forged),
        "release": lambda: outcomes.release(claimed=forged, source="practice", now=NOW),
        "captcha": lambda: claims.keep_captcha(claimed=forged, task_id="1", source="practice"),
    }

    assert not spoil[outcome]()
    assert CedulaInfo.objects.values().get(pk=record.pk) == before


def test_who_lost_the_claim_may_not_send_the_form_any_more(record: CedulaInfo) -> None:
    forged = replace(claim(record), token=uuid4())
    before = CedulaInfo.objects.values().get(pk=record.pk)

    with pytest.raises(ClaimLostError):
        claims.drop_captcha(claimed=forged)
    assert CedulaInfo.objects.values().get(pk=record.pk) == before
