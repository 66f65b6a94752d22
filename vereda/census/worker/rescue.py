"""Ending the claims of dead workers, and sending again the messages that may be lost."""

from collections.abc import Callable, Collection
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
    """End expired claims and send lost messages again; return how many were sent.

    People without a record, from a fixture for example, get one. Messages are sent only while the queue is short, so
    that the rescue does not make a backlog grow, and only while a source is open.
    """
    abandoned = CedulaInfo.objects.abandoned(now)
    for record in abandoned.select_related("user"):
        _end_claim(record, lost=abandoned, now=now, detail="the claim ran out")
    for user in User.objects.filter(cedula_info=None, is_active=True)[:MESSAGES_PER_RESCUE]:
        actions.create_record(user=user)
    heartbeat.delete_old(now)
    if isinstance(gate.open_source(roster.names(), now), gate.Closed):
        return 0
    room = MESSAGES_PER_RESCUE - get_broker().queue_size()
    due = CedulaInfo.objects.due(now).in_turn().values_list("user_id", flat=True)[: max(0, room)]
    for user_id in due:
        send(user_id)
    return len(due)


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


def _end_claim(record: CedulaInfo, *, lost: CedulaInfoQuerySet, now: datetime, detail: str) -> None:
    """End the claim of a worker that cannot do so itself, unless it is no longer among the lost ones."""
    token = uuid4()  # from here on that worker cannot write, even if it is alive
    if not lost.filter(pk=record.pk, claim_token=record.claim_token).update(claim_token=token):
        return
    record.claim_token = token
    record_interruption(claimed=claim_on(record), source="", now=now, detail=detail, is_over=True)
