"""The recurring tasks, made by every `migrate`: running it twice changes nothing."""

from typing import Any

from django.db import connection
from django_q.models import Schedule

RESCUE = "vereda.census.tasks.rescue"


def ensure(**kwargs: Any) -> None:
    """See that the recurring tasks exist; does nothing as long as the queue's tables do not."""
    if Schedule._meta.db_table not in connection.introspection.table_names():
        return
    fields = {"func": RESCUE, "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1}
    if not Schedule.objects.filter(name="rescue").update(**fields):
        Schedule.objects.create(name="rescue", **fields)
