"""What the queue may call. Every task gets ids only, may run twice, returns at once, and keeps this worker awake."""

from django.utils import timezone

from vereda.census.worker import engine, heartbeat
from vereda.census.worker.rescue import rescue_all


def validate_cedula(user_id: int) -> None:
    """Wake the engine, because this person is due. It looks up whoever's turn it is."""
    engine.current().wake()


def rescue() -> int:
    """Return how many claims were ended."""
    engine.current().wake()
    return rescue_all(now=timezone.now())


def beat(beat: str) -> None:
    """Record a watchdog's beat, whichever cluster's it is. Its stored result shows that the queue works."""
    engine.current()
    heartbeat.record_beat(beat=beat, now=timezone.now())
