"""`./manage doctor`: one line for each thing that a lookup needs."""

import subprocess
import sys
from pathlib import Path

import pytest

from practice.server import PracticeServer
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

    names = ["database", "migrations", "broker", "worker", "rescue", "gate", "browser", "source", "face", "captcha"]
    assert list(lines) == [*names, "troubles", "alerts"]
    assert "ALERT_URLS is empty" in lines["alerts"]
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
    assert (status, failed) == (1, {"worker", "source", "captcha", "troubles"})
    assert "No hay ningún proceso de consultas" in lines["troubles"]
    assert "never seen" in lines["worker"]
    assert KEY not in "".join(lines.values())


def test_a_captcha_service_without_money_is_said(environment: dict[str, str]) -> None:
    assert examine(environment, TWOCAPTCHA_API_KEY="clave-mala")[1]["captcha"].startswith("FAIL")


ENROLL = """
from django.utils import timezone
from vereda.census.worker import heartbeat
from vereda.census.models import Worker
heartbeat.register("host-1", 11, now=timezone.now())
heartbeat.register("host-2", 22, now=timezone.now())
Worker.objects.filter(key="host-2").update(version="of another day")
"""

PAUSE = """
from vereda.census import gate
gate.state_of("practice")
gate.switch("practice", is_paused=True)
"""

CLOSE_AND_FORGET = """
from datetime import timedelta
from django.utils import timezone
from django_q.models import Schedule
from vereda.census import gate
from vereda.census.worker import heartbeat
from vereda.census.models import Worker
gate.switch("practice", is_paused=True)
heartbeat.register("host-1", 11, now=timezone.now())
Worker.objects.update(started_at=timezone.now() - timedelta(minutes=9))
Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=5))
"""


def test_two_clusters_are_said_to_be_harmless_and_stale_code_is_named(environment: dict[str, str]) -> None:
    manage(environment, "shell", "--no-imports", "-c", ENROLL)
    line = examine(environment)[1]["worker"]

    assert line.startswith("ok")
    assert "2 at once, which is harmless" in line
    assert line.count("runs other code than this") == 1


def test_a_closed_gate_and_a_rescue_that_is_not_run_are_said(environment: dict[str, str]) -> None:
    manage(environment, "shell", "--no-imports", "-c", CLOSE_AND_FORGET)
    status, lines = examine(environment)

    assert status == 1
    assert "closed: paused" in lines["gate"]
    assert "malformed" in lines["rescue"]


def test_every_source_is_checked_and_one_that_is_switched_off_is_no_fault(
    environment: dict[str, str], practice: PracticeServer
) -> None:
    both = {
        "CENSUS_SOURCE": "practice,verifik",
        "CENSUS_URL": f"{practice.census_url},{practice.verifik_url}",
        "VERIFIK_TOKEN": "practica",
    }
    manage(environment | both, "shell", "--no-imports", "-c", PAUSE)
    lines = examine(environment | both)[1]

    assert lines["gate"].startswith("ok")
    assert "practice closed: paused; verifik open" in lines["gate"]
    assert lines["source"].startswith("ok")
    assert "verifik: " in lines["source"]
    assert examine(environment | both, VERIFIK_TOKEN="otro")[1]["source"].startswith("FAIL")
