"""Bells: messages in the queue that say "see that this person is looked up". They may get lost or come twice."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django_q.models import Schedule
from django_q.tasks import async_task, schedule

VALIDATE_TASK = "vereda.census.tasks.validate_cedula"


def ring(user_id: int) -> None:
    """Put a bell for one person into the queue."""
    async_task(VALIDATE_TASK, user_id, group="census")


def ring_on_commit(user_id: int) -> None:
    """Ring once the transaction is through. A queue out of reach is logged; `rescue` rings again for the due row."""
    transaction.on_commit(partial(ring, user_id), robust=True)


def ring_at(user_id: int, at: datetime) -> None:
    """Ring once at a time, by a one-time schedule."""
    schedule(VALIDATE_TASK, user_id, schedule_type=Schedule.ONCE, next_run=at)
