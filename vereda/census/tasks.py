"""What the queue may call. Every task gets ids only, may run twice, and records a heartbeat."""

from django.utils import timezone

from vereda.census.worker import engine, heartbeat
from vereda.census.worker.rescue import rescue_all


def validate_cedula(user_id: int) -> str:
    """See that a person is looked up, unless that is not due or already in flight. Returns what happened."""
    heartbeat.record(now=timezone.now())
    return engine.current().look_up(user_id)


def rescue() -> int:
    """Return how many messages were sent again."""
    heartbeat.record(now=timezone.now())
    return rescue_all(now=timezone.now())


def beat(beat: str) -> None:
    """Record a watchdog's beat, whichever cluster's it is. Its stored result shows that the queue works."""
    heartbeat.record_beat(beat=beat, now=timezone.now())
