"""Deleting every day what was kept long enough. Safe to run twice."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django_q.models import Schedule

from vereda.accounts import traces
from vereda.accounts.models import Tombstone
from vereda.census import evidence, queue
from vereda.census.models import LookupAttempt
from vereda.rights import vacuum

logger = logging.getLogger(__name__)

BATCH = 1000
PURGE_TASK = "vereda.rights.tasks.purge"
_REWRITTEN_FOR = timedelta(days=2)
"""For how long after an erasure the database's file is written anew each day: a purge may fail once."""


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows were deleted."""

    evidence: int
    attempts: int
    traces: int
    tasks: int

    def __str__(self) -> str:
        return f"{self.evidence} replies, {self.attempts} attempts, {self.traces} traces of logins, {self.tasks} tasks"


def purge(*, now: datetime) -> Purged:
    """Delete what is too old, and what erased people left in the database's file."""
    purged = Purged(evidence.purge(now=now), _purge_attempts(now), traces.purge(now=now), queue.purge(now=now))
    if Tombstone.objects.filter(erased_at__gte=now - _REWRITTEN_FOR).exists():
        vacuum.rewrite()
    else:
        vacuum.empty_log()
    logger.info("retention.purged %s", purged)
    return purged


def ensure_schedule(**kwargs: Any) -> None:
    """Make sure that the daily schedule exists. Runs after every `migrate`."""
    if queue.ensure_schedule("purge", func=PURGE_TASK, schedule_type=Schedule.DAILY):
        Schedule.objects.filter(name__in=["purge-evidence", "purge-traces"]).delete()  # of releases before this one


def _purge_attempts(now: datetime) -> int:
    old = LookupAttempt.objects.filter(ended_at__lt=now - timedelta(days=settings.ATTEMPTS_DAYS))
    purged = 0
    while chosen := list(old.values_list("pk", flat=True)[:BATCH]):
        purged += old.filter(pk__in=chosen).delete()[0]
    return purged
