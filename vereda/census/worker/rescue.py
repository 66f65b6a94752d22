"""Ending the claims of dead workers.

The watchdog runs it too, so that it also cares for what would keep the queue from running it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from vereda.accounts.models import User
from vereda.census import actions
from vereda.census.models import CedulaInfo, CedulaInfoQuerySet
from vereda.census.queue import send_on_commit
from vereda.census.statuses import Status
from vereda.census.worker import heartbeat, schedules
from vereda.census.worker.claims import claim_on
from vereda.census.worker.outcomes import record_interruption

NEW_RECORDS = 50
PEOPLE_PER_RESCUE = 5000


@dataclass(slots=True)
class _Round:
    """Up to which person this process has looked for people without a record; 0 to begin anew."""

    done: int = 0


_round = _Round()


def rescue_all(*, now: datetime) -> int:
    """End expired claims; return how many there were.

    Messages that were lost need nothing: engines look by themselves.
    """
    abandoned = CedulaInfo.objects.abandoned(now)
    records = list(abandoned.select_related("user"))
    for record in records:
        _end_claim(record, lost=abandoned, now=now, detail="the claim ran out")
    _create_missing_records()
    schedules.disable_malformed(now=now)
    heartbeat.delete_old(now)
    return len(records)


def rescue_from_dead(*, worker_key: str, alive_pids: Callable[[], Collection[int]], now: datetime) -> int:
    """End at once the claims of a cluster's dead processes; return how many there were.

    `alive_pids` returns the process ids that still run. Only the watchdog above the cluster can know them.
    """
    held = CedulaInfo.objects.filter(status=Status.PROCESSING, claimed_by__startswith=f"{worker_key}/")
    claimed = list(held.select_related("user"))
    alive = alive_pids()  # after the claims: a process that was started in between has one of them
    dead = [record for record in claimed if int(record.claimed_by.rsplit("/")[-1]) not in alive]
    for record in dead:
        _end_claim(record, lost=held, now=now, detail="its worker died")
        send_on_commit(record.user_id)
    return len(dead)


def _create_missing_records() -> None:
    """Give people without a record one: those of a fixture, or made in bulk.

    Only the next `PEOPLE_PER_RESCUE` are looked at, by their ids, so that no rescue reads everybody.
    """
    active = User.objects.filter(pk__gt=_round.done, is_active=True).order_by("pk")
    looked_at = list(active.values_list("pk", flat=True)[:PEOPLE_PER_RESCUE])
    records = CedulaInfo.objects.filter(user_id__gt=_round.done, user_id__lte=max(looked_at, default=0))
    held = set(records.values_list("user_id", flat=True))
    missing = [pk for pk in looked_at if pk not in held][:NEW_RECORDS]
    for user in User.objects.filter(pk__in=missing):
        actions.create_record(user=user)
    if len(missing) == NEW_RECORDS:
        _round.done = missing[-1]
    else:
        _round.done = looked_at[-1] if len(looked_at) == PEOPLE_PER_RESCUE else 0


def _end_claim(record: CedulaInfo, *, lost: CedulaInfoQuerySet, now: datetime, detail: str) -> None:
    """End the claim of a worker that cannot do so itself, unless it is no longer among the lost ones."""
    token = uuid4()  # from here on that worker cannot write, even if it is alive
    if not lost.filter(pk=record.pk, claim_token=record.claim_token).update(claim_token=token):
        return
    record.claim_token = token
    record_interruption(claimed=claim_on(record), source="", now=now, detail=detail, is_over=True)
