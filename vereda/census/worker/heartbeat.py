"""Signs of life: what a cluster of workers writes down of itself, so that somebody outside can tell that it works.

A cluster is known by its key, which the watchdog hands down through the environment. One that was started without a
watchdog (`./manage qcluster`) is known by its host and the process that guards it.
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
    """Return the key of the cluster that this process works for."""
    return os.environ.get(KEY_VARIABLE) or f"{socket.gethostname()}-{os.getppid()}"


def own_name() -> str:
    """Return what this process signs its claims with: its cluster's key and its process id."""
    return f"{own_key()}/{os.getpid()}"


@cache
def code_version() -> str:
    """Return a fingerprint of the product's code as this process found it at first use."""
    digest = hashlib.sha256()
    for path in sorted(Path(settings.BASE_DIR, "vereda").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def record(*, now: datetime) -> None:
    """Write down that this process's cluster is alive."""
    if not Worker.objects.filter(key=own_key()).update(seen_at=now):
        register(own_key(), os.getppid(), now=now)


def record_beat(*, beat: str, now: datetime) -> None:
    """Write down that this process's cluster is alive, and which of a watchdog's beats it has got."""
    record(now=now)
    Worker.objects.filter(key=own_key()).update(beat=beat, beaten_at=now)


def register(key: str, pid: int, *, now: datetime) -> None:
    """Make a cluster known, or known again after a new start."""
    known = {"host": socket.gethostname(), "pid": pid, "version": code_version(), "started_at": now, "seen_at": now}
    Worker.objects.update_or_create(key=key, defaults={**known, "beat": "", "beaten_at": None})


def unregister(key: str) -> None:
    """Forget a cluster that has been stopped."""
    Worker.objects.filter(key=key).delete()


def delete_old(now: datetime) -> None:
    """Remove what is left of clusters that ended long ago."""
    Worker.objects.filter(seen_at__lt=now - KEPT_FOR).delete()
