"""What a web process loads: no browser, no captcha service, and nothing of the worker that leads to them."""

import os
import subprocess
import sys
from pathlib import Path

from tests.databases import Databases
from tests.stack import ROOT

SERVE = """
import sys
from vereda.wsgi import application
from django.test import Client
from django.urls import get_resolver
statuses = [Client().get(path).status_code for path in ("/ingresar/", "/registro/", "/salud/", "/admin/")]
assert get_resolver().url_patterns
print(*statuses)
print(*sorted(sys.modules))
"""
NOT_OF_THE_WEB = ("playwright", "aiohttp", "vereda.census.sources.asking", "vereda.census.worker.engine", "apprise")


def test_a_web_process_loads_neither_browser_nor_engine(tmp_path: Path, databases: Databases) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "vereda.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path}/vereda.sqlite3",
        "ALLOWED_HOSTS": "testserver",
        "DEBUG": "true",  # else pages ask for collected static files
    }
    databases.copy_migrated(tmp_path / "vereda.sqlite3")
    done = subprocess.run(
        [sys.executable, "-c", SERVE], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    statuses, modules = done.stdout.splitlines()

    assert statuses == "200 200 200 302"
    assert [module for module in modules.split() if module.startswith(NOT_OF_THE_WEB)] == []
