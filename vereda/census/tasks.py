"""The queue's doors: ids come in, one thing is called. Every task may run twice, and signs that its worker lives."""

from django.utils import timezone

from vereda.census.worker import engine, signs
from vereda.census.worker.rescue import rescue_all


def validate_cedula(user_id: int) -> str:
    """See that a person is looked up, if that is due and nobody is at it. Returns what happened."""
    signs.sign(now=timezone.now())
    return engine.current().attend(user_id)


def rescue() -> int:
    """Take back what a lost worker held and ring again for due people; returns how many bells rang."""
    signs.sign(now=timezone.now())
    return rescue_all(now=timezone.now())


def beat(beat: str) -> None:
    """Sign with the beat that a watchdog has sent, whichever: its result, once stored, shows that the queue goes on."""
    signs.sign_beat(beat=beat, now=timezone.now())


def echo(text: str) -> str:
    """Return the text: proof that a message goes through the queue and back."""
    return text
