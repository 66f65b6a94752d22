"""The servers that `./test` starts for the second home, and what it does where there are none."""

import os
import sys
from pathlib import Path

import pytest

from scripts import servers


@pytest.fixture
def no_servers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without them, for somebody who may not install anything."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(servers, "INSTALLED", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("CI", "TEST_POSTGRES_URL", "TEST_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


def run(monkeypatch: pytest.MonkeyPatch, code: str) -> int:
    """Run some Python below the servers."""
    monkeypatch.setattr(sys, "argv", ["servers", sys.executable, "-c", code])
    return servers.main()


def test_without_servers_the_step_is_skipped_and_said_so(
    no_servers: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "raise SystemExit(3)") == 0
    assert "SKIPPED" in capfd.readouterr().err


def test_in_ci_the_step_fails_without_servers(no_servers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    assert run(monkeypatch, "") == 1


def test_servers_that_somebody_names_are_used_and_the_commands_status_counts(
    no_servers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_POSTGRES_URL", "postgres://there/one")
    monkeypatch.setenv("TEST_REDIS_URL", "redis://there/0")
    code = "import os; raise SystemExit(3 if os.environ['DATABASE_URL'].endswith('there/one') else 4)"

    assert run(monkeypatch, code) == 3
