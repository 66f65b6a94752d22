"""A product of the test's own whose parts can be killed: its database, its practice census, its clusters."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from practice.server import PracticeServer
from tests.databases import Databases
from tests.homes import connected
from tests.stack import environment_for, manage, running

PACE = 1.0
JITTER = 0.25
"""Seconds by which two arrivals may look closer than they were: the site's own thread waits for a processor, too."""
WAIT = 150.0
"""Seconds after which a thing that should happen counts as one that does not."""

REGISTER = """
from tests import make
for cedula in {cedulas}:
    make.person("Nora Sinisterra", cedula=cedula)
"""


class Cluster:
    """A database, the practice census that it asks, and the worker commands started on them."""

    def __init__(self, folder: Path, practice: PracticeServer, databases: Databases, **variables: str) -> None:
        self.practice = practice
        self.log = folder / "worker.log"
        self._mark = str(folder)
        settings = {
            "CENSUS_PACE_SECONDS": f"{PACE:g}",
            "CENSUS_TIMEOUT_SECONDS": "15",
            "CENSUS_RETRY_SECONDS": "1,1,1",
            "VEREDA_TEST": self._mark,
        }
        self.environment = environment_for(folder, practice, **settings, **variables)
        databases.prepare(self.environment)

    @contextmanager
    def command(self, *command: str, **variables: str) -> Iterator[psutil.Process]:
        """Keep a worker command running; in the end it must stop by SIGTERM and leave no process of its own behind."""
        with running({**self.environment, **variables}, self.log, *command) as process:
            yield psutil.Process(process.pid)

    def register(self, *cedulas: str) -> None:
        """Register people."""
        manage(self.environment, "shell", "--no-imports", "-c", REGISTER.format(cedulas=list(cedulas)))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the database says."""
        with closing(connected(self.environment)) as connection:
            rows: list[tuple[Any, ...]] = connection.execute(query).fetchall()
            return rows

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nobody else write, the queue's tables included."""
        with closing(connected(self.environment)) as connection:
            is_sqlite = isinstance(connection, sqlite3.Connection)
            connection.execute("BEGIN IMMEDIATE" if is_sqlite else "BEGIN")
            if not is_sqlite:
                tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
                connection.execute(f"LOCK TABLE {', '.join(name for (name,) in tables)} IN EXCLUSIVE MODE")
            yield
            connection.execute("ROLLBACK")

    def statuses(self) -> list[str]:
        """Return everybody's status, in the order in which they registered."""
        return [status for (status,) in self.rows("SELECT status FROM census_cedulainfo ORDER BY user_id")]

    def wait_until_final(self) -> list[str]:
        """Wait until nobody waits any more and return everybody's status."""
        wait_until(lambda: not set(self.statuses()) & {"PENDING", "PROCESSING"}, self.described)
        return self.statuses()

    def wait_for_captchas(self, count: int) -> None:
        """Wait until so many captchas were bought: their lookups are then in the middle."""
        wait_until(lambda: len(self.practice.journal.of("captcha_task")) >= count, self.described)

    def wait_for_a_beat(self) -> None:
        """Wait until a beat went through the queue and back: the cluster is up, and idle from then on."""
        beats = "SELECT 1 FROM django_q_task WHERE func = 'vereda.census.tasks.beat'"
        wait_until(lambda: bool(self.rows(beats)), self.described)

    def attempts(self) -> list[str]:
        """Return the outcome of every attempt, in order."""
        return [outcome for (outcome,) in self.rows("SELECT outcome FROM census_lookupattempt ORDER BY id")]

    def assert_each_answered_once(self, people: int) -> None:
        """Everybody was found, by one stored answer each, and the site was never asked faster than the pace."""
        assert self.wait_until_final() == ["ACTIVE"] * people, self.described()
        assert self.attempts().count("found") == people, self.described()
        assert self.least_gap() >= PACE - JITTER, self.described()

    def least_gap(self) -> float:
        """Return the least seconds between two starts, as the site saw them."""
        times = [entry.at for entry in self.practice.journal.of("page")]
        return min((later - earlier for earlier, later in pairwise(times)), default=PACE)

    def processes(self) -> list[psutil.Process]:
        """Return every running process that was started for this test, whoever its parent is by now."""
        return [process for process in psutil.process_iter() if _is_of(process, self._mark)]

    def described(self) -> str:
        """Return what a failed test wants to know."""
        seen = [(entry.kind, round(entry.at, 2)) for entry in self.practice.journal if entry.kind != "captcha_result"]
        return f"{self.statuses()} {self.attempts()} {seen}\n{self.log.read_text()[-6000:]}"


class Roles:
    """The processes of a Django-Q2 cluster, told by who started them and in which order."""

    def __init__(self, main: psutil.Process) -> None:
        self.main = main
        (self.sentinel,) = main.children()
        born = sorted(self.sentinel.children(), key=lambda process: process.create_time())
        self.worker, self.monitor, self.pusher = born[:3]

    @property
    def all(self) -> list[psutil.Process]:
        """Every process of the cluster but its browser."""
        return [self.main, self.sentinel, self.worker, self.monitor, self.pusher]


def roles_below(watchdog: psutil.Process) -> Roles:
    """Wait until a watchdog's cluster is complete and return its processes."""
    found: list[Roles] = []

    def look() -> bool:
        try:
            (main,) = [child for child in watchdog.children() if "qcluster" in child.cmdline()]
            found.append(Roles(main))
        except (ValueError, psutil.Error):
            return False
        return True

    wait_until(look, lambda: "the cluster did not come up")
    return found[0]


def kill(processes: Iterable[psutil.Process]) -> None:
    """Kill processes as nobody can refuse."""
    for process in processes:
        process.kill()


def wait_until(holds: Callable[[], bool], describe: Callable[[], str], seconds: float = WAIT) -> None:
    """Look again and again until it holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, describe()
        time.sleep(0.1)


def _is_of(process: psutil.Process, mark: str) -> bool:
    try:
        return (
            process.pid != os.getpid()
            and process.environ().get("VEREDA_TEST") == mark
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.Error:
        return False
