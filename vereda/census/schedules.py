"""What must be in the database before anything runs, made by every `migrate`: running it twice changes nothing."""

from typing import Any

from django.db import connection
from django_q.models import Schedule

from vereda.census import gate, roster
from vereda.census.models import SourceState

RESCUE = "vereda.census.tasks.rescue"


def ensure(**kwargs: Any) -> None:
    """See that the recurring tasks and the sources' rows exist; does nothing as long as their tables do not."""
    needed = {model._meta.db_table for model in (Schedule, SourceState)}
    if not needed <= set(connection.introspection.table_names()):
        return
    _schedule("rescue", func=RESCUE, schedule_type=Schedule.MINUTES, minutes=1)
    for source in roster.names():
        gate.state_of(source)


def _schedule(name: str, **fields: Any) -> None:
    if not Schedule.objects.filter(name=name).update(**fields, repeats=-1):
        Schedule.objects.create(name=name, **fields, repeats=-1)
