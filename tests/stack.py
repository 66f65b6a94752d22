"""The whole product as real processes on free ports, asking a practice census of the test's own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from practice.server import PracticeServer
from tests.homes import home_of, make_empty
from vereda.processes.ports import free_port

ROOT = Path(__file__).resolve().parent.parent


class Stack(NamedTuple):
    """A running product: where its web answers, the practice census it asks, its environment and its log."""

    url: str
    practice: PracticeServer
    environment: dict[str, str]
    log: Path


def environment_for(folder: Path, practice: PracticeServer, **variables: str) -> dict[str, str]:
    """Return the variables of a product that belongs to a folder and asks a practice census fast."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "vereda.settings",
        **home_of(folder),
        "CENSUS_URL": practice.census_url,
        "CENSUS_PACE_SECONDS": "0.1",
        "CENSUS_RETRY_SECONDS": "none",
        "CENSUS_TIMEOUT_SECONDS": "6",
        "CENSUS_COOLDOWN_SECONDS": "1",
        "CENSUS_BREAKER_FAILURES": "1000",  # many of the tests' people fail on purpose
        **variables,
    }


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a management command to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running(
    environment: dict[str, str], log: Path, *command: str, stop_seconds: float = 60
) -> Iterator[subprocess.Popen[str]]:
    """Keep a management command running; SIGTERM ends it, and it must end by that."""
    with log.open("a") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, stdout=out, stderr=out, text=True
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=stop_seconds)
        finally:
            process.kill()


@contextmanager
def stack(folder: Path, **variables: str) -> Iterator[Stack]:
    """Start the product as `./run` does and stop it afterwards."""
    with PracticeServer(slow_seconds=2.5) as practice:
        environment = environment_for(folder, practice, **variables)
        make_empty(environment)
        port, log = free_port(), folder / "product.log"
        with running(environment, log, "start", "--port", str(port), "--practice-port", str(free_port())) as process:
            _wait_until_ready(process, log)
            yield Stack(f"http://127.0.0.1:{port}", practice, environment, log)


def _wait_until_ready(process: subprocess.Popen[str], log: Path) -> None:
    """Wait until the product says that Ctrl-C stops it."""
    deadline = time.monotonic() + 120
    while "Ctrl-C" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
