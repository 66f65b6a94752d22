"""`./manage worker`: Django-Q2's cluster with a temporary folder of its own; what `./run` and production start.

Whatever is going to watch over the cluster from outside belongs here, around `qcluster`.
"""

import fcntl
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django_q.tasks import async_task

from vereda.census import schedules

PREFIX = "worker-"
LONGEST_PATH = 58
"""Chromium puts a Unix socket below its temporary folder and does not start when the socket's path is too long: with a
folder of 63 characters on Linux (measured), of 59 where the system's limit is 104 instead of 108."""


class Command(BaseCommand):
    help = "Run the worker that looks people up."

    def handle(self, **_: Any) -> None:
        with private_temporary_folder():
            async_task(schedules.RESCUE)  # what an earlier worker left undone is taken up at once
            connections.close_all()  # the cluster forks, and a connection must not be shared
            call_command("qcluster")
            for process in multiprocessing.active_children():
                process.join()  # `qcluster` returns once the cluster runs; its handler of SIGTERM ends the cluster


@contextmanager
def private_temporary_folder() -> Iterator[Path]:
    """Give this process and its forks a TMPDIR of their own; remove it at the end with all that a browser left there.

    Removes the folders of dead workers first: a browser that was killed cleans up nothing. A folder is in use as long
    as somebody holds its lock, which a worker's forks share with it.
    """
    parent = temporary_parent(settings.VAR_DIR / "tmp")
    with _locked(parent):
        remove_abandoned(parent)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def temporary_parent(wanted: Path) -> Path:
    """Return where the folder is made: the wanted place, or one of our own in the system's when that path is too long.

    Raises CommandError when somebody else has made that place: what lies in it is not ours to remove.
    """
    longest = LONGEST_PATH - len(f"/{PREFIX}12345678")
    own = f"vereda-{os.geteuid()}"
    places = (wanted, Path(tempfile.gettempdir(), own), Path("/tmp", own))  # noqa: S108 - its owner is checked
    place = next((place for place in places if len(str(place)) <= longest), places[1])
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.is_symlink() or place.stat().st_uid != os.geteuid():
        raise CommandError(f"{place} belongs to somebody else: remove it, or set TMPDIR to a short path of your own.")
    return place


def remove_abandoned(parent: Path) -> None:
    """Remove our temporary folders whose workers are gone."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError), _locked(folder, fcntl.LOCK_NB):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path, flags: int = 0) -> Iterator[None]:
    """Hold a folder's lock; with `fcntl.LOCK_NB` raises OSError at once when somebody else holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | flags)
        yield
    finally:
        os.close(handle)
