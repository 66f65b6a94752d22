"""Ending the claims of dead workers."""

from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from vereda.accounts.models import User
from vereda.census import actions
from vereda.census.models import CedulaInfo, CedulaInfoQuerySet
from vereda.census.queue import send_on_commit
from vereda.census.statuses import Status
from vereda.census.worker import heartbeat
from vereda.census.worker.claims import claim_on
from vereda.census.worker.outcomes import record_interruption

NEW_RECORDS = 50


def rescue_all(*, now: datetime) -> int:
    """End expired claims; return how many there were.

    People without a record, from a fixture for example, get one. Messages that were lost need nothing: engines look by
    themselves.
    """
    abandoned = CedulaInfo.objects.abandoned(now)
    records = list(abandoned.select_related("user"))
    for record in records:
        _end_claim(record, lost=abandoned, now=now, detail="the claim ran out")
    for user in User.objects.filter(cedula_info=None, is_active=True)[:NEW_RECORDS]:
        actions.create_record(user=user)
    heartbeat.delete_old(now)
    return len(records)


def rescue_from_dead(*, worker_key: str, alive: Collection[int], now: datetime) -> int:
    """End at once the claims of a cluster's dead processes; return how many there were.

    `alive` are the process ids that still run. Only the watchdog above the cluster can know them.
    """
    held = CedulaInfo.objects.filter(status=Status.PROCESSING, claimed_by__startswith=f"{worker_key}/")
    dead = [record for record in held.select_related("user") if int(record.claimed_by.rsplit("/")[-1]) not in alive]
    for record in dead:
        _end_claim(record, lost=held, now=now, detail="its worker died")
        send_on_commit(record.user_id)
    return len(dead)


def _end_claim(record: CedulaInfo, *, lost: CedulaInfoQuerySet, now: datetime, detail: str) -> None:
    """End the claim of a worker that cannot do so itself, unless it is no longer among the lost ones."""
    token = uuid4()  # from here on that worker cannot write, even if it is alive
    if not lost.filter(pk=record.pk, claim_token=record.claim_token).update(claim_token=token):
        return
    record.claim_token = token
    record_interruption(claimed=claim_on(record), source="", now=now, detail=detail, is_over=True)
