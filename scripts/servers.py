"""Servers of the tests' own: a PostgreSQL and a Redis on free ports, in a temporary folder, gone at the end.

`python -m scripts.servers COMMAND…`, run from the root, starts both and runs a command with DATABASE_URL and REDIS_URL
set to them. TEST_POSTGRES_URL and TEST_REDIS_URL name servers that run already: databases are made on the first, and
every database of the second is emptied. Without servers it says so and leaves the command out; with CI set it fails.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import redis

from scripts import packages
from vereda.processes.ports import HOST, free_port

INSTALLED = Path("/usr/lib/postgresql")
"""Where Debian keeps PostgreSQL's programs: one folder for each version, none of them on PATH."""
START_SECONDS = 30
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_connections=200")
"""Nothing of it has to outlive the machine."""


class CannotStartError(Exception):
    """There is no such server here; the text says what to do."""


class Server:
    """A server that can be stopped, killed and started again on its port."""

    def __init__(self, command: Sequence[str], folder: Path, answers: Callable[[], object]) -> None:
        self._command = command
        self._folder = folder
        self._answers = answers
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = self._folder / "log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603
                self._command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self._folder, **_as_owner()
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._answers()
            except (psycopg.OperationalError, redis.RedisError) as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise CannotStartError(log.read_text(errors="replace")[-500:]) from error
                time.sleep(0.05)
            else:
                return

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it by a signal; SIGINT is what PostgreSQL calls a fast shutdown."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(START_SECONDS)
            self.process = None


@contextmanager
def postgresql() -> Iterator[tuple[str, Server]]:
    """Run a PostgreSQL; give the address of its first database."""
    initdb, postgres = (_postgresql_program(name) for name in ("initdb", "postgres"))
    port = free_port()
    url = f"postgresql://vereda@{HOST}:{port}/postgres"
    with _folder() as folder:
        made = folder / "data"
        create = [initdb, "-D", str(made), "-U", "vereda", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(create, check=True, capture_output=True, cwd=folder, **_as_owner())  # noqa: S603
        options = [f"port={port}", f"listen_addresses={HOST}", "unix_socket_directories=", *FAST]
        command = [postgres, "-D", str(made), *(part for option in options for part in ("-c", option))]
        yield from _running(Server(command, folder, lambda: psycopg.connect(url).close()), url)


@contextmanager
def redis_server() -> Iterator[tuple[str, Server]]:
    """Run a Redis that keeps nothing on disk; give the address of its first database."""
    program, port = _found("redis-server", shutil.which("redis-server")), free_port()
    url = f"redis://{HOST}:{port}/0"
    keep_nothing = ["--save", "", "--appendonly", "no", "--databases", "64"]
    with _folder() as folder:
        command = [program, "--port", str(port), "--bind", HOST, *keep_nothing]
        yield from _running(Server(command, folder, lambda: redis.from_url(url).ping()), url)


def _running(server: Server, url: str) -> Iterator[tuple[str, Server]]:
    try:
        server.start()
        yield url, server
    finally:
        server.stop(signal.SIGINT)


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder of the user that the servers run as."""
    folder = Path(tempfile.mkdtemp(prefix="vereda-server-"))
    if owner := _as_owner():
        shutil.chown(folder, owner["user"], owner["group"])
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _as_owner() -> dict[str, int]:
    """Return whom the servers run as: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid}


def _postgresql_program(name: str) -> str:
    newest = sorted(INSTALLED.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return _found(name, str(newest[-1]) if newest else shutil.which(name))


def _found(name: str, path: str | None) -> str:
    if path is None:
        raise CannotStartError(f"{name} is not installed.")
    return path


def install_missing() -> None:
    """Install Debian's packages of both servers where this user may."""
    try:
        _postgresql_program("postgres")
        _found("redis-server", shutil.which("redis-server"))
    except CannotStartError:
        if packages.may_install():
            packages.say("Installing the postgresql and redis-server packages of this system, for tests…")
            packages.install("postgresql", "redis-server")


def run(command: Sequence[str]) -> int:
    """Run a command with both servers and return its exit status. Raises CannotStartError."""
    if not all(os.environ.get(name) for name in ("TEST_POSTGRES_URL", "TEST_REDIS_URL")):
        install_missing()
    with ExitStack() as stack:
        database = os.environ.get("TEST_POSTGRES_URL") or stack.enter_context(postgresql())[0]
        queue = os.environ.get("TEST_REDIS_URL") or stack.enter_context(redis_server())[0]
        variables = {**os.environ, "DATABASE_URL": database, "REDIS_URL": queue}
        return subprocess.run(command, env=variables, check=False).returncode  # noqa: S603


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    try:
        return run(sys.argv[1:])
    except (CannotStartError, OSError, subprocess.SubprocessError) as error:
        packages.say(f"No PostgreSQL or no Redis can be started here: {error}")
        if os.environ.get("CI"):
            return 1
        packages.say("SKIPPED: install both servers, or set TEST_POSTGRES_URL and TEST_REDIS_URL to running ones.")
        return 0


if __name__ == "__main__":
    sys.exit(main())
