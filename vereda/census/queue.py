"""Messages and schedules of the queue.

A message only says "see that this person is looked up": the record is the truth. So one may be lost or come twice.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django_q.models import Schedule, Task
from django_q.tasks import async_task, schedule

from vereda.census import gate, roster
from vereda.census.models import SourceState

LOOKUP_TASK = "vereda.census.tasks.validate_cedula"
RESCUE_TASK = "vereda.census.tasks.rescue"

KEPT_FOR = timedelta(days=7)
"""How long failed tasks are kept: Django-Q2 prunes only those that succeeded."""

_PLAIN: dict[str, Any] = {"args": None, "kwargs": None, "hook": None, "cluster": None, "intended_date_kwarg": None}


def send(user_id: int) -> None:
    async_task(LOOKUP_TASK, user_id, group="census")


def send_on_commit(*user_ids: int) -> None:
    """Send them after the commit. An unreachable queue is tried once and only logged: workers look by themselves."""
    transaction.on_commit(partial(_send_all, user_ids), robust=True)


def _send_all(user_ids: Iterable[int]) -> None:
    for user_id in user_ids:
        send(user_id)


def send_at(user_id: int, at: datetime) -> None:
    schedule(LOOKUP_TASK, user_id, schedule_type=Schedule.ONCE, next_run=at)


def ensure_schedule(name: str, **fields: Any) -> bool:
    """Create or update a recurring task; False as long as the queue's tables do not exist."""
    if not _has_tables(Schedule):
        return False
    if not Schedule.objects.filter(name=name).update(**_PLAIN, **fields, repeats=-1):
        Schedule.objects.create(name=name, **fields, repeats=-1)
    return True


def purge(*, now: datetime) -> int:
    """Delete old failed tasks, and one-time schedules that were never run; return how many.

    Such a schedule has no repeats left, or nobody starts it; whom it was about is rescued anyway.
    """
    tasks: int = Task.objects.filter(success=False, stopped__lt=now - KEPT_FOR).delete()[0]
    schedules: int = Schedule.objects.filter(schedule_type=Schedule.ONCE, next_run__lt=now - KEPT_FOR).delete()[0]
    return tasks + schedules


def ensure(**kwargs: Any) -> None:
    """Schedule the rescue and create each source's row; called after every `migrate`."""
    if _has_tables(Schedule, SourceState):
        ensure_schedule("rescue", func=RESCUE_TASK, schedule_type=Schedule.MINUTES, minutes=1)
        for source in roster.names():
            gate.state_of(source)


def _has_tables(*models: type[Model]) -> bool:
    """Whether these are migrated: `migrate` may name one app, and the queue's comes after ours."""
    return {model._meta.db_table for model in models} <= set(connection.introspection.table_names())
