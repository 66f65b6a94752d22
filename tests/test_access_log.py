"""Access logs, where an operator turns them on: who asked for what, but not what they searched for, nor a token."""

import http.client
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vereda.processes.ports import HOST, free_port

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.processes
def test_gunicorns_access_log_has_the_path_and_neither_query_nor_token(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "access.log"
    command = [sys.executable, "-m", "gunicorn", f"--bind={HOST}:{port}", f"--access-logfile={log}", "vereda.wsgi"]
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/vereda.sqlite3"}

    with subprocess.Popen([*command, "--no-control-socket"], cwd=ROOT, env=environment) as server:
        try:
            _ask(port, "/ingresar/?next=/referidos/?q=1020304050", referrer="/referidos/?q=1020304050")
            _ask(port, "/recuperar/a1-b2c3d4-e5f6a7b8c9/", referrer="/")
            _wait_for(log, "/ingresar/")
            _wait_for(log, '"GET /recuperar/***" 302')
        finally:
            server.terminate()

    assert "1020304050" not in log.read_text()
    assert "e5f6a7b8c9" not in log.read_text()


def _ask(port: int, path: str, *, referrer: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        connection = http.client.HTTPConnection(HOST, port, timeout=20)
        try:
            connection.request("GET", path, headers={"Referer": f"http://{HOST}:{port}{referrer}"})
            connection.getresponse().read()
        except ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()


def _wait_for(log: Path, text: str) -> None:
    deadline = time.monotonic() + 20
    while not log.exists() or text not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)
