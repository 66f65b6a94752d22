"""Watches a cluster from outside: does it still work?

Django-Q2 still looks healthy after an idle worker or its monitor was killed, but does nothing any more. So the watchdog
sends beats through the queue: the worker that gets one records it, and the monitor stores its result. An unreachable
database or broker says nothing about the cluster, so meanwhile it is not judged.
"""

import logging
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import close_old_connections
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import Task
from django_q.tasks import async_task

from vereda.census.models import Worker
from vereda.census.worker import heartbeat, rescue

logger = logging.getLogger(__name__)

BEAT_TASK = "vereda.census.tasks.beat"
CHECK_SECONDS = 2.0
BEAT_SECONDS = 3.0
RESCUE_SECONDS = 30.0
HEARTBEAT_TIMEOUT = timedelta(seconds=40)
"""How long a cluster's engine may record no heartbeat: a busy database delays it for 20 s."""
MESSAGE_TIMEOUT = timedelta(seconds=180)
"""How long a cluster may get no beat: they go to whichever cluster takes them, and a worker that is replaced first ends
what it has in flight."""
RESULT_TIMEOUT = timedelta(seconds=20)
RESEND_AFTER = timedelta(seconds=60)


class Watchdog:
    """Watches the cluster with this key. `alive_pids` returns the processes below the watchdog that still run."""

    def __init__(self, key: str, pid: int, alive_pids: Callable[[], Collection[int]]) -> None:
        self._key = key
        self._pid = pid
        self._alive_pids = alive_pids
        self._check_at = self._rescue_at = time.monotonic()
        self._judged_from = timezone.now()
        self._sent: tuple[str, datetime] | None = None
        self._stored = ""

    def begin(self) -> None:
        """Register a cluster that was just started, and give it the time that it needs."""
        now = timezone.now()
        self._judged_from = now
        heartbeat.register(self._key, self._pid, now=now)

    def is_lost(self) -> bool:
        """Whether the cluster hangs and must be restarted. May be called often: it checks every two seconds."""
        if time.monotonic() < self._check_at:
            return False
        self._check_at = time.monotonic() + CHECK_SECONDS
        now = timezone.now()
        try:
            close_old_connections()  # no request and no task does so here: a dead connection would stay for ever
            get_broker().ping()
            has_died = self._rescue(now)
            self._send_beat(now)
            why = "a worker died with lookups in flight" if has_died else self._why_lost(now)
        except Exception as error:  # noqa: BLE001 - a broker may raise anything, and that is not the cluster's fault
            logger.warning("watchdog.cannot_check error=%s", type(error).__name__)
            self._judged_from = timezone.now()
            self._sent = None  # that beat may be lost
            return False
        if why:
            logger.error("watchdog.lost reason=%s", why)
        return bool(why)

    def _rescue(self, now: datetime) -> int:
        """End the claims of dead processes and return how many; every `RESCUE_SECONDS` rescue all.

        A worker that died is not replaced by Django-Q2: it waited for its next task, and holds that queue's lock.
        """
        died = rescue.rescue_from_dead(worker_key=self._key, alive_pids=self._alive_pids, now=now)
        if time.monotonic() >= self._rescue_at:
            self._rescue_at = time.monotonic() + RESCUE_SECONDS
            rescue.rescue_all(now=now)
        return died

    def _send_beat(self, now: datetime) -> None:
        """Send the next beat, unless the last one is still in the queue."""
        if self._sent is not None:
            beat, sent_at = self._sent
            if now - sent_at < timedelta(seconds=BEAT_SECONDS):
                return
            if now - sent_at < RESEND_AFTER and not _is_stored(beat):
                return
        beat = uuid4().hex
        async_task(BEAT_TASK, beat, group=beat)
        self._sent = beat, now

    def _why_lost(self, now: datetime) -> str:
        worker = Worker.objects.filter(key=self._key).first()
        if worker is None:
            self.begin()
            return ""
        if now - max(worker.seen_at, self._judged_from) > HEARTBEAT_TIMEOUT:
            return "no worker records a heartbeat"
        if now - max(worker.beaten_at or self._judged_from, self._judged_from) > MESSAGE_TIMEOUT:
            return "no messages come"
        if worker.beat and worker.beaten_at is not None and worker.beat != self._stored:
            if _is_stored(worker.beat):
                self._stored = worker.beat
            elif now - max(worker.beaten_at, self._judged_from) > RESULT_TIMEOUT:
                return "results are not stored"
        return ""


def _is_stored(beat: str) -> bool:
    return bool(Task.objects.filter(group=beat).exists())
