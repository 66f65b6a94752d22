"""Databases that are ready, made once a run of pytest: each migration takes five seconds of a processor."""

import fcntl
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

from tests.homes import PREFIX, URL
from tests.stack import manage

TEMPLATE = f"{PREFIX}migrated"


class Databases:
    """Files in a folder that all processes of a run share. Who asks first makes them; the others wait."""

    def __init__(self, folder: Path, url: str = URL) -> None:
        self._folder = folder
        self._url = url

    def prepare(self, environment: Mapping[str, str]) -> None:
        """Put an empty, migrated database and an empty queue where a product's variables say."""
        address = urlsplit(environment["DATABASE_URL"])
        if address.scheme == "sqlite":
            self.copy_migrated(Path(address.path.removeprefix("/")))
            return
        self.make_template()
        self._execute(f'CREATE DATABASE "{address.path.removeprefix("/")}" TEMPLATE "{TEMPLATE}"')
        if environment["REDIS_URL"]:
            redis.from_url(environment["REDIS_URL"]).flushdb()

    def copy_migrated(self, to: Path) -> None:
        """Put an empty, migrated database there."""
        shutil.copy(self._made("migrated", "migrate"), to)

    def copy_demo(self, to: Path) -> None:
        """Put a database with the demo's people there."""
        shutil.copy(self._made("demo", "migrate", "demo"), to)

    def make_template(self) -> str:
        """Make an empty, migrated database of PostgreSQL for others to be copied from; return its name."""
        done = self._folder / "postgresql.done"
        with (self._folder / "postgresql.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                self._drop_all()
                self._execute(f'CREATE DATABASE "{TEMPLATE}"')
                url = urlsplit(self._url)._replace(path=f"/{TEMPLATE}").geturl()
                manage({**os.environ, "DATABASE_URL": url}, "migrate", "--verbosity", "0")
                done.touch()
        return TEMPLATE

    def _made(self, name: str, *commands: str) -> Path:
        file = self._folder / f"{name}.sqlite3"
        with (self._folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                unfinished = self._folder / f"{name}.unfinished"
                variables = {**os.environ, "DATABASE_URL": f"sqlite:///{unfinished}", "REDIS_URL": ""}
                for command in commands:
                    manage(variables, command, "--verbosity", "0")
                unfinished.rename(file)
        return file

    def _execute(self, sql: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(sql)

    def _drop_all(self) -> None:
        """Drop what an earlier run of this checkout has left on a server that goes on."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            found = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
            for (name,) in found.fetchall():
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
