"""`./manage doctor`: one line for each thing that a lookup needs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack import ROOT, manage, running

pytestmark = pytest.mark.processes

KEY = "clave-secreta"

WORK_ONCE = """
from django_q.tasks import async_task, result
print(result(async_task("vereda.census.tasks.rescue"), wait=30_000))
"""


def examine(environment: dict[str, str], **variables: str) -> tuple[int, dict[str, str]]:
    """Return the exit status, and each check's line by its name."""
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--no-color"],
        cwd=ROOT,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=100,
    )
    return done.returncode, {line.split()[1]: line for line in done.stdout.splitlines()}


def test_everything_is_well_while_a_worker_works(environment: dict[str, str], tmp_path: Path) -> None:
    with running(environment, tmp_path / "worker.log", "qcluster"):
        manage(environment, "shell", "--no-imports", "-c", WORK_ONCE)
        status, lines = examine(environment)

    assert list(lines) == ["database", "migrations", "broker", "worker", "browser", "source", "captcha"]
    assert all(line.startswith("ok") for line in lines.values()), lines
    assert status == 0


def test_each_thing_that_fails_is_said_and_the_rest_still_checked(environment: dict[str, str]) -> None:
    nowhere = "http://127.0.0.1:9"
    status, lines = examine(
        environment,
        CENSUS_URL=f"{nowhere}/censo/consultar/",
        TWOCAPTCHA_URL=nowhere,
        TWOCAPTCHA_API_KEY=KEY,
    )

    failed = {name for name, line in lines.items() if line.startswith("FAIL")}
    assert (status, failed) == (1, {"worker", "source", "captcha"})
    assert "never seen" in lines["worker"]
    assert KEY not in "".join(lines.values())


def test_a_captcha_service_without_money_is_said(environment: dict[str, str]) -> None:
    assert examine(environment, TWOCAPTCHA_API_KEY="clave-mala")[1]["captcha"].startswith("FAIL")
