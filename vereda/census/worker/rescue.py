"""Taking back the claims of workers that died, and sending again the messages that may be lost."""

from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from django_q.brokers import get_broker

from vereda.accounts.models import User
from vereda.census import actions, gate, roster
from vereda.census.models import CedulaInfo, CedulaInfoQuerySet
from vereda.census.queue import send, send_on_commit
from vereda.census.statuses import Status
from vereda.census.worker import heartbeat
from vereda.census.worker.claims import claim_on
from vereda.census.worker.outcomes import record_interruption

MESSAGES_PER_RESCUE = 50


def rescue_all(*, now: datetime) -> int:
    """Take expired claims back and send lost messages again; return how many were sent.

    People without a record, out of a fixture, say, get one. Messages are sent only while the queue is short, so that a
    backlog does not grow by its own rescue, and only while a source is open.
    """
    abandoned = CedulaInfo.objects.abandoned(now)
    for record in abandoned.select_related("user"):
        _take_back(record, lost=abandoned, now=now, detail="the claim ran out")
    for user in User.objects.filter(cedula_info=None, is_active=True)[:MESSAGES_PER_RESCUE]:
        actions.create_record(user=user)
    heartbeat.delete_old(now)
    if isinstance(gate.opening(roster.names(), now), gate.Closed):
        return 0
    room = MESSAGES_PER_RESCUE - get_broker().queue_size()
    due = CedulaInfo.objects.due(now).in_turn().values_list("user_id", flat=True)[: max(0, room)]
    for user_id in due:
        send(user_id)
    return len(due)


def rescue_from_dead(*, worker_key: str, living: Collection[int], now: datetime) -> int:
    """Take back at once what a cluster's dead processes held; return how many claims that was.

    `living` are the process ids that still run. Only who is above that cluster can know.
    """
    held = CedulaInfo.objects.filter(status=Status.PROCESSING, claimed_by__startswith=f"{worker_key}/")
    dead = [record for record in held.select_related("user") if int(record.claimed_by.rsplit("/")[-1]) not in living]
    for record in dead:
        _take_back(record, lost=held, now=now, detail="its worker died")
        send_on_commit(record.user_id)
    return len(dead)


def _take_back(record: CedulaInfo, *, lost: CedulaInfoQuerySet, now: datetime, detail: str) -> None:
    """End the claim of a worker that will not end it itself, unless it is no longer among the lost ones."""
    token = uuid4()  # from here on the worker cannot write, should it live
    if not lost.filter(pk=record.pk, claim_token=record.claim_token).update(claim_token=token):
        return
    record.claim_token = token
    record_interruption(claimed=claim_on(record), source="", now=now, detail=detail, is_over=True)
