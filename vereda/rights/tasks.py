"""The queue's doors: one thing is called. A task may run twice, and signs that its worker lives."""

from django.utils import timezone

from vereda.census.worker import signs
from vereda.rights import retention


def purge() -> str:
    """Remove what was kept long enough; returns how much that was."""
    signs.sign(now=timezone.now())
    return str(retention.purge(now=timezone.now()))
