"""Messages and schedules of the queue.

A message only says "see that this person is looked up": the record is the truth. So one may be lost or come twice.
"""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django_q.models import Schedule
from django_q.tasks import async_task, schedule

from vereda.census import gate, roster
from vereda.census.models import SourceState

LOOKUP_TASK = "vereda.census.tasks.validate_cedula"
RESCUE_TASK = "vereda.census.tasks.rescue"


def send(user_id: int) -> None:
    """Send the message about one person."""
    async_task(LOOKUP_TASK, user_id, group="census")


def send_on_commit(user_id: int) -> None:
    """Send it once the transaction is through. A queue out of reach is logged; the rescue sends again."""
    transaction.on_commit(partial(send, user_id), robust=True)


def send_at(user_id: int, at: datetime) -> None:
    """Send it at a time, by a one-time schedule."""
    schedule(LOOKUP_TASK, user_id, schedule_type=Schedule.ONCE, next_run=at)


def ensure_schedule(name: str, **fields: Any) -> bool:
    """See that a recurring task exists once, as given; False as long as the queue's tables are not there."""
    if not _has_tables(Schedule):
        return False
    if not Schedule.objects.filter(name=name).update(**fields, repeats=-1):
        Schedule.objects.create(name=name, **fields, repeats=-1)
    return True


def ensure(**kwargs: Any) -> None:
    """After every `migrate`: see that the rescue is scheduled and that each source has its row."""
    if _has_tables(Schedule, SourceState):
        ensure_schedule("rescue", func=RESCUE_TASK, schedule_type=Schedule.MINUTES, minutes=1)
        for source in roster.names():
            gate.state_of(source)


def _has_tables(*models: type[Model]) -> bool:
    """Whether these are migrated: `migrate` may name one app, and the queue's comes after ours."""
    return {model._meta.db_table for model in models} <= set(connection.introspection.table_names())
