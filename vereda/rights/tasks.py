"""What the queue may call. A task may run twice, and records a heartbeat."""

from django.utils import timezone

from vereda.census.worker import heartbeat
from vereda.rights import retention


def purge() -> str:
    heartbeat.record(now=timezone.now())
    return str(retention.purge(now=timezone.now()))
