"""Where what a test starts keeps everything, and which tests run in both homes.

A product that a test starts gets a home of its own: a file of SQLite, or a database of the PostgreSQL that DATABASE_URL
names, with a database of the Redis that REDIS_URL names.
"""

import os
import sqlite3
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

URL = os.environ.get("DATABASE_URL", "")
IS_POSTGRESQL = URL.startswith("postgres")
PREFIX = f"vereda_{blake2b(bytes(Path(__file__)), digest_size=4).hexdigest()}_"
"""Of every database that tests of this checkout make on a server."""

BOTH = (
    "tests/census/worker/test_attempt.py",
    "tests/census/worker/test_captchas.py",
    "tests/census/worker/test_claims.py",
    "tests/census/worker/test_engine.py",
    "tests/census/worker/test_fallback.py",
    "tests/census/worker/test_heartbeat.py",
    "tests/census/worker/test_interruptions.py",
    "tests/census/worker/test_orm_thread.py",
    "tests/census/worker/test_source_order.py",
    "tests/census/worker/test_watchdog.py::test_a_cluster_that_takes_its_beats",
    "tests/census/worker/test_watchdog.py::test_now_and_then",
    "tests/census/worker/test_watchdog.py::test_what_",
    "tests/census/test_actions.py",
    "tests/census/test_bulk.py",
    "tests/census/test_gate",
    "tests/census/test_queue.py::test_a_message_goes_through",
    "tests/census/test_queue.py::test_a_lost_message",
    "tests/census/test_queue_schedules.py",
    "tests/census/test_races.py",
    "tests/census/test_rests.py",
    "tests/accounts/test_audit.py",
    "tests/accounts/test_lockout.py",
    "tests/accounts/test_throttle.py::test_more_than",
    "tests/accounts/test_throttle.py::test_of_many_at_once",
    "tests/test_migrations.py::test_an_empty_database_migrates",
    "tests/test_migrations.py::test_going_back_and_forth",
    "tests/faults/test_arrivals.py",
    "tests/faults/test_kills.py::test_a_worker_killed",
)
"""How the ids of the tests begin that are run in the second home too: database or broker matter to them."""


def home_of(folder: Path, url: str = URL, redis_url: str = "") -> dict[str, str]:
    """Return where a product in a folder keeps everything: one product at a time for each process of pytest."""
    if not url.startswith("postgres"):
        return {"DATABASE_URL": f"sqlite:///{folder / 'vereda.sqlite3'}", "REDIS_URL": ""}
    name = f"{PREFIX}{blake2b(bytes(folder), digest_size=8).hexdigest()}"
    return {"DATABASE_URL": urlsplit(url)._replace(path=f"/{name}").geturl(), "REDIS_URL": redis_url or _next_redis()}


def connected(environment: Mapping[str, str]) -> Any:
    """Return a connection of sqlite3 or psycopg to a product's database; it leaves transactions to its user."""
    url = environment["DATABASE_URL"]
    if url.startswith("sqlite"):
        return sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=60)
    return psycopg.connect(url, autocommit=True)


def make_empty(environment: Mapping[str, str]) -> None:
    """Make the database of a product that migrates it itself; on SQLite that is a file and needs nothing."""
    address = urlsplit(environment["DATABASE_URL"])
    if address.scheme != "sqlite":
        with psycopg.connect(URL, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{address.path.removeprefix("/")}"')


def _next_redis() -> str:
    """Return a database of Redis beside the one that this process of pytest has for itself."""
    own = urlsplit(os.environ["REDIS_URL"])
    return own._replace(path=f"/{int(own.path.removeprefix('/')) + 8}").geturl() if own.scheme else ""
