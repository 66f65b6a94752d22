"""The recurring tasks, made by every `migrate`: running it twice changes nothing."""

from typing import Any

from django_q.models import Schedule

RESCUE = "vereda.census.tasks.rescue"


def ensure(**kwargs: Any) -> None:
    """See that the recurring tasks exist, once each."""
    Schedule.objects.update_or_create(
        name="rescue",
        defaults={"func": RESCUE, "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1},
    )
