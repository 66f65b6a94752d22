"""The watchdog's eye on a cluster: told from outside, by what the cluster writes down, whether it still works.

Django-Q2 goes on looking healthy after an idle worker or its monitor was killed, and does nothing any more. So beats
are sent through the queue: a worker that gets one signs for it, and the monitor stores its result. A database or broker
out of reach says nothing about the cluster, so that meanwhile nobody is judged.
"""

import logging
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import uuid4

from django.utils import timezone
from django_q.models import Task
from django_q.tasks import async_task

from vereda.census.models import Worker
from vereda.census.worker import heartbeat, rescue

logger = logging.getLogger(__name__)

BEAT_TASK = "vereda.census.tasks.beat"
LOOK_SECONDS = 2.0
BEAT_SECONDS = 3.0
RESCUE_SECONDS = 30.0
PATIENCE = timedelta(seconds=40)
"""How long a cluster may give no sign of life. Beats go to whichever cluster takes them, so that one of several may
miss a few; and a database that is busy holds a worker up for 20 s."""
RESULT_PATIENCE = timedelta(seconds=20)
UNANSWERED_AFTER = timedelta(seconds=60)


class Pulse:
    """Watches the cluster with this key. `living` tells which processes below the watchdog still run."""

    def __init__(self, key: str, pid: int, living: Callable[[], Collection[int]]) -> None:
        self._key = key
        self._pid = pid
        self._living = living
        self._look_at = self._rescue_at = time.monotonic()
        self._judged_from = timezone.now()
        self._sent: tuple[str, datetime] | None = None
        self._stored = ""

    def begin(self) -> None:
        """Give a cluster that was just started the time that it needs, and make it known."""
        now = timezone.now()
        self._judged_from = now
        heartbeat.register(self._key, self._pid, now=now)

    def is_lost(self) -> bool:
        """Whether the cluster hangs and must be started again. May be asked often: it looks every two seconds."""
        if time.monotonic() < self._look_at:
            return False
        self._look_at = time.monotonic() + LOOK_SECONDS
        now = timezone.now()
        try:
            self._tend(now)
            self._send_beat(now)
            why = self._why_lost(now)
        except Exception as error:  # noqa: BLE001 - a broker may raise anything, and none of it is the cluster's fault
            logger.warning("pulse.cannot_look error=%s", type(error).__name__)
            self._judged_from = timezone.now()
            return False
        if why:
            logger.error("pulse.lost reason=%s", why)
        return bool(why)

    def _tend(self, now: datetime) -> None:
        """Take back what died, and now and then all that a dead queue may have forgotten."""
        rescue.rescue_from_dead(worker_key=self._key, living=self._living(), now=now)
        if time.monotonic() >= self._rescue_at:
            self._rescue_at = time.monotonic() + RESCUE_SECONDS
            rescue.rescue_all(now=now)

    def _send_beat(self, now: datetime) -> None:
        """Send the next beat, unless the last one is still on its way."""
        if self._sent is not None:
            beat, sent_at = self._sent
            if now - sent_at < timedelta(seconds=BEAT_SECONDS):
                return
            if now - sent_at < UNANSWERED_AFTER and not _is_stored(beat):
                return
        beat = uuid4().hex
        async_task(BEAT_TASK, beat, group=beat)
        self._sent = beat, now

    def _why_lost(self, now: datetime) -> str:
        worker = Worker.objects.filter(key=self._key).first()
        if worker is None:
            self.begin()
            return ""
        if now - max(worker.seen_at, self._judged_from) > PATIENCE:
            return "no worker gives a sign of life"
        if worker.beat and worker.beaten_at is not None and worker.beat != self._stored:
            if _is_stored(worker.beat):
                self._stored = worker.beat
            elif now - max(worker.beaten_at, self._judged_from) > RESULT_PATIENCE:
                return "results are not stored"
        return ""


def _is_stored(beat: str) -> bool:
    """Whether the queue's monitor has stored a beat's result."""
    return bool(Task.objects.filter(group=beat).exists())
