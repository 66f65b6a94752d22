"""Heartbeats: what a cluster of workers records of itself, so that others can see that it works.

The watchdog gives its cluster a key through the environment. One without a watchdog (`./manage qcluster`) is known by
its host and its parent process. Heartbeats are the engine's. A **beat** is a message that a watchdog sends through the
queue, to be recorded here: it shows that messages still come.
"""

import hashlib
import os
import socket
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from django.conf import settings

from vereda.census.models import Worker

KEY_VARIABLE = "VEREDA_WORKER"

KEPT_FOR = timedelta(days=1)


def own_key() -> str:
    return os.environ.get(KEY_VARIABLE) or f"{socket.gethostname()}-{os.getppid()}"


def own_name() -> str:
    """Return what stands in this process's claims: its cluster's key and its process id."""
    return f"{own_key()}/{os.getpid()}"


@cache
def code_version() -> str:
    """Return a hash of the product's code as it was at this process's first call."""
    digest = hashlib.sha256()
    for path in sorted(Path(settings.BASE_DIR, "vereda").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def record(*, now: datetime, fault: str = "") -> None:
    """Record that this process's engine goes on, or what it lacks for that."""
    _update(now, seen_at=now, fault=fault)


def record_beat(*, beat: str, now: datetime) -> None:
    """Record which beat of a watchdog this cluster got last."""
    _update(now, beat=beat, beaten_at=now)


def _update(now: datetime, **fields: object) -> None:
    if not Worker.objects.filter(key=own_key()).update(**fields):
        register(own_key(), os.getppid(), now=now)
        Worker.objects.filter(key=own_key()).update(**fields)


def register(key: str, pid: int, *, now: datetime) -> None:
    """Create the cluster's row, or reset it after a restart."""
    known = {"host": socket.gethostname(), "pid": pid, "version": code_version(), "started_at": now, "seen_at": now}
    Worker.objects.update_or_create(key=key, defaults={**known, "beat": "", "beaten_at": None})


def unregister(key: str) -> None:
    Worker.objects.filter(key=key).delete()


def delete_old(now: datetime) -> None:
    Worker.objects.filter(seen_at__lt=now - KEPT_FOR).delete()
