"""What the queue may call. Every task gets ids only, may run twice, and records a heartbeat."""

from django.utils import timezone

from vereda.census.worker import engine, heartbeat
from vereda.census.worker.rescue import rescue_all


def validate_cedula(user_id: int) -> str:
    """See that a person is looked up, if that is due and nobody is at it. Returns what happened."""
    heartbeat.record(now=timezone.now())
    return engine.current().attend(user_id)


def rescue() -> int:
    """Take back what a lost worker held and send again what may be lost; returns how many messages were sent."""
    heartbeat.record(now=timezone.now())
    return rescue_all(now=timezone.now())


def beat(beat: str) -> None:
    """Sign with the beat that a watchdog has sent, whichever: its result, once stored, shows that the queue goes on."""
    heartbeat.record_beat(beat=beat, now=timezone.now())
