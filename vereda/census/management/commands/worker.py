"""`./manage worker`: Django-Q2's cluster under a watchdog; what `./run` and production start.

The watchdog is its own process around `./manage qcluster`. It restarts the cluster when it dies or hangs, ends at once
the claims of its dead processes, gives it its own temporary folder, and stops it with everything that it started.
Beside it a timer sees whether an operator has to be told something.
"""

import fcntl
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from vereda.census.worker import heartbeat, stopping
from vereda.census.worker.alert_timer import AlertTimer
from vereda.census.worker.watchdog import Watchdog
from vereda.processes.supervisor import KeepsFailingError, Program, StopRequests, Supervisor

GRACE_SECONDS = 20.0
"""How long lookups in flight may go on when the worker stops, before they are released."""
LAST_SECONDS = 8.0
"""How long the cluster has after that to end."""
SMALL_DRIVER_HEAP = {"NODE_OPTIONS": os.environ.get("NODE_OPTIONS") or "--max-semi-space-size=1"}
"""Makes the browser's driver, a Node process, collect its garbage early: that saves tens of megabytes."""
PREFIX = "worker-"
LONGEST_PATH = 58
"""Chromium puts a Unix socket below its temporary folder and does not start when the socket's path is too long: with a
folder of 63 characters on Linux (measured), of 59 where the system's limit is 104 instead of 108."""


class Command(BaseCommand):
    help = "Run the worker that looks people up, under a watchdog."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--grace", type=float, default=GRACE_SECONDS, help="seconds that lookups in flight have")

    def handle(self, *, grace: float, **_: Any) -> None:
        requests = StopRequests()
        requests.listen()
        key = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"  # containers may share name and pid
        with private_temporary_folder() as lock, _pipe() as (read_end, close):
            program = Program(
                "qcluster",
                [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"],
                {heartbeat.KEY_VARIABLE: key, **stopping.variable(read_end, grace), **SMALL_DRIVER_HEAP},
                handles=(lock, read_end),
            )
            alert_timer = AlertTimer()
            supervisor = Supervisor(
                [program], requests, grace_seconds=grace + LAST_SECONDS, on_death=alert_timer.note_restart
            )
            watchdog = Watchdog(key, os.getpid(), supervisor.living)

            def is_lost() -> bool:
                alert_timer.look()
                return watchdog.is_lost()

            try:
                watchdog.begin()
                supervisor.start()
                while supervisor.watch(until=is_lost):
                    alert_timer.note_restart()
                    supervisor.restart()
                    with suppress(Error):  # the next check registers it
                        watchdog.begin()
            except KeepsFailingError as error:
                raise CommandError("The cluster ends as soon as it starts: see the messages above.") from error
            finally:
                close()
                supervisor.stop()
                with suppress(Error):
                    heartbeat.unregister(key)


@contextmanager
def _pipe() -> Iterator[tuple[int, Callable[[], None]]]:
    """Give the end of a pipe that workers inherit, and a function that closes the other end."""
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "wb") as held:
        yield read_end, held.close
    os.close(read_end)


@contextmanager
def private_temporary_folder() -> Iterator[int]:
    """Give this process and its children their own TMPDIR; remove it at the end with its contents.

    Removes the folders of dead workers first: a killed browser cleans up nothing. A folder is in use as long as its
    lock is held. The lock's file descriptor is yielded, for the cluster to inherit.
    """
    parent = temporary_parent(settings.VAR_DIR / "tmp")
    with _locked(parent):
        remove_abandoned(parent)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    try:
        yield lock
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def temporary_parent(wanted: Path) -> Path:
    """Return where the folder is made: the wanted place or, if that path is too long, one in the system's own.

    Raises CommandError if somebody else owns that place: its contents are not ours to remove.
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
    """Remove the temporary folders of dead workers."""
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
