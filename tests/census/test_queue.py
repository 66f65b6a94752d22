"""The plumbing: messages go through a real `qcluster` process, and tasks resolve in a forked worker and a fresh one."""

import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from practice.server import PracticeServer
from tests.stack import ROOT, manage, running

pytestmark = pytest.mark.processes

ASK_FOR_A_RESULT = """
from django_q.tasks import async_task, result
print(result(async_task("vereda.census.tasks.rescue"), wait=30_000))
"""

REGISTER = """
from tests import make
print(make.person("Nora Sinisterra", cedula="{cedula}").pk)
"""

WAIT_FOR = """
import time
from django_q.models import Success
from vereda.census.models import CedulaInfo
deadline = time.monotonic() + 60
while not (record := CedulaInfo.objects.get(user_id={user_id})).is_final and time.monotonic() < deadline:
    time.sleep(0.1)
print(record.status, record.lookup_attempts.count(), Success.objects.filter(func__endswith="validate_cedula").count())
"""


FORGET_THE_MESSAGES = """
from tests import queues
print(queues.queue_size())
queues.clear()
"""

WAIT_FOR_EVERYBODY = """
import time
from vereda.census.models import CedulaInfo
deadline = time.monotonic() + 150
while CedulaInfo.objects.exclude(status="ACTIVE").exists() and time.monotonic() < deadline:
    time.sleep(0.2)
print([(record.status, record.lookup_attempts.count()) for record in CedulaInfo.objects.order_by("user_id")])
"""


def shell(environment: dict[str, str], code: str) -> str:
    return manage(environment, "shell", "--no-imports", "-c", code).strip()


@pytest.mark.parametrize("command", ["qcluster", "worker"])
def test_a_message_goes_through_a_real_cluster_and_its_result_back(
    environment: dict[str, str], tmp_path: Path, command: str
) -> None:
    with running(environment, tmp_path / "worker.log", command):
        assert shell(environment, ASK_FOR_A_RESULT) == "0"


def test_a_person_is_looked_up_by_a_forked_worker_and_no_browser_is_left(
    environment: dict[str, str], tmp_path: Path, practice: PracticeServer
) -> None:
    environment = {**environment, "VEREDA_TEST": str(tmp_path)}
    user_id = shell(environment, REGISTER.format(cedula="900400100"))
    with running(environment, tmp_path / "worker.log", "qcluster"):
        assert shell(environment, WAIT_FOR.format(user_id=user_id)) == "ACTIVE 1 1"

    assert not [process for process in psutil.process_iter() if _is_of(process, str(tmp_path))]
    assert "900400100" not in (tmp_path / "worker.log").read_text()


def test_a_lost_message_is_sent_again_and_a_failed_attempt_is_repeated_by_its_schedule(
    environment: dict[str, str], tmp_path: Path
) -> None:
    environment = {**environment, "CENSUS_RETRY_SECONDS": "1"}
    shell(environment, REGISTER.format(cedula="900400300"))
    assert shell(environment, FORGET_THE_MESSAGES) == "1"
    shell(environment, REGISTER.format(cedula="900400379"))  # this one's first attempt fails

    with running(environment, tmp_path / "worker.log", "worker"):
        assert shell(environment, WAIT_FOR_EVERYBODY) == "[('ACTIVE', 1), ('ACTIVE', 2)]"


def _is_of(process: psutil.Process, folder: str) -> bool:
    """Whether a running process belongs to the test whose files lie in a folder: every process inherits the mark."""
    try:
        return process.environ().get("VEREDA_TEST") == folder and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def test_every_task_resolves_in_a_freshly_started_interpreter(environment: dict[str, str]) -> None:
    code = """
import django, pydoc
django.setup()
print(all(callable(pydoc.locate(f"vereda.census.tasks.{task}")) for task in ("validate_cedula", "rescue", "beat")))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)

    assert done.stdout.strip() == "True", done.stderr


def test_a_task_runs_in_a_spawned_interpreter(environment: dict[str, str], tmp_path: Path) -> None:
    user_id = shell(environment, REGISTER.format(cedula="900400200"))
    code = f"""
import multiprocessing
def work():
    import django
    django.setup()
    from django_q.tasks import async_task
    async_task("vereda.census.tasks.validate_cedula", {user_id}, sync=True)
{textwrap.indent(WAIT_FOR.format(user_id=user_id), "    ")}
if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=work)
    process.start()
    process.join(60)
    raise SystemExit(process.exitcode)
"""
    script = tmp_path / "spawn.py"
    script.write_text(code)
    environment = {**environment, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, script], cwd=ROOT, env=environment, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ACTIVE 1")
