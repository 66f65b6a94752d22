"""What the benches share: people to ask about, a product that asks a practice census, its workers, and tables."""

import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import psycopg

import tests.environment  # noqa: F401 - the settings' environment, before Django is loaded
from practice.server import PracticeServer
from tests.stack import environment_for, manage, running
from vereda.census.statuses import WAITING

_REGISTER = """
from django.db import transaction
from tests import make
from vereda.accounts.models import User
with transaction.atomic():
    for cedula in {cedulas}:
        make.agree(User.objects.create_user(cedula, full_name="Nora Sinisterra"))
"""
_REGISTER_ONE_BY_ONE = """
import time
from tests import make
began = time.monotonic()
for number, cedula in enumerate({cedulas}):
    time.sleep(max(0, began + number * {every} - time.monotonic()))
    arrived = time.time()
    make.person("Nora Sinisterra", cedula=cedula)
    print(arrived)
"""
_QUIET_LINE = re.compile(r"\S+ \S+ (DEBUG|INFO) ")


def cedulas(count: int, *, skip: int = 0) -> list[str]:
    """Return the cédulas of so many people whom the practice census finds at once, after those already used."""
    return [f"9005{number:04}00" for number in range(skip, skip + count)]


def write_row(*cells: object) -> None:
    """Print a row of a table, at once and in the form that a document takes."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def write_header(*cells: str) -> None:
    """Print the head of a table."""
    write_row(*cells)
    write_row(*("---" for _ in cells))


def machine() -> str:
    """Return what the figures depend on besides the product."""
    return f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"


@dataclass(frozen=True, slots=True)
class Product:
    """A product on a database of its own: where its files lie, the practice census it asks, and its environment."""

    folder: Path
    practice: PracticeServer
    environment: dict[str, str]

    def register(self, people: Iterable[str]) -> None:
        """Register people by their cédulas, all in one transaction."""
        manage(self.environment, "shell", "--no-imports", "-c", _REGISTER.format(cedulas=list(people)))

    def register_one_by_one(self, people: Iterable[str], *, every: float) -> list[float]:
        """Register one of these every so many seconds; return when each came, in seconds since the epoch."""
        code = _REGISTER_ONE_BY_ONE.format(cedulas=list(people), every=every)
        printed = manage(self.environment, "shell", "--no-imports", "-c", code)
        return [float(moment) for moment in printed.split()]

    @contextmanager
    def working(self, workers: int = 1) -> Iterator[list[Popen[str]]]:
        """Keep so many workers running, each a cluster of its own on the same database."""
        with ExitStack() as started:
            yield [
                started.enter_context(running(self.environment, self.folder / f"worker-{number}.log", "worker"))
                for number in range(workers)
            ]

    def rows(self, query: str) -> list[tuple[str, int]]:
        """Return what a query finds in the database."""
        if (url := self.environment["DATABASE_URL"]).startswith("postgres"):
            with psycopg.connect(url, options="-c timezone=UTC") as database:
                return database.execute(query.encode()).fetchall()
        with closing(sqlite3.connect(self.folder / "vereda.sqlite3", timeout=20)) as database:
            return database.execute(query).fetchall()

    def statuses(self) -> dict[str, int]:
        """Return how many records have each status."""
        return dict(self.rows("select status, count(*) from census_cedulainfo group by status"))

    def outcomes(self) -> str:
        """Return how many attempts ended how."""
        found = self.rows("select outcome, count(*) from census_lookupattempt group by outcome")
        return ", ".join(f"{count} {outcome}" for outcome, count in found)

    def until_final(self, *, every: float = 0.2, seconds: float = 3600) -> Iterator[None]:
        """Give the caller a turn every few moments until every record is final. Raises `TimeoutError`."""
        deadline = time.monotonic() + seconds
        while self.statuses().keys() & set(WAITING):
            if time.monotonic() > deadline:
                raise TimeoutError(f"still {self.statuses()} after {seconds:g} s\n" + "\n".join(self.complaints()))
            yield
            time.sleep(every)

    def log(self) -> str:
        """Return what the workers have logged."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("worker-*.log")))

    def complaints(self) -> Sequence[str]:
        """Return the lines of the workers' logs that are more than information."""
        return [line for line in self.log().splitlines() if not _QUIET_LINE.match(line)]

    def write_complaints(self) -> None:
        """Print the lines of the workers' logs that are more than information."""
        for line in self.complaints():
            print(f"  worker log: {line}", flush=True)


@contextmanager
def product(*, captcha_seconds: float, **variables: str) -> Iterator[Product]:
    """Give a migrated product without workers, asking a practice census whose captchas take so many seconds."""
    with tempfile.TemporaryDirectory() as name, PracticeServer(captcha_seconds=captcha_seconds) as practice:
        environment = environment_for(Path(name), practice, CENSUS_TIMEOUT_SECONDS="90", **variables)
        manage(environment, "migrate", "--verbosity", "0")
        yield Product(Path(name), practice, environment)
