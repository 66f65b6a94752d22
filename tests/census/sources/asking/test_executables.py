import os
from pathlib import Path

import pytest

from vereda.census.sources.asking.executables import find_executable


def program(path: Path, *, mode: int = 0o755) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return str(path)


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH", raising=False)


def test_a_machine_without_a_browser_has_none() -> None:
    assert find_executable() is None


def test_the_configured_one_wins(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "chromium")
    own = program(tmp_path / "own" / "browser")
    assert find_executable(own) == own


def test_a_configured_command_is_found_on_path(tmp_path: Path) -> None:
    brave = program(tmp_path / "bin" / "brave")
    assert find_executable("brave") == brave


@pytest.mark.parametrize("name", ["missing", "bin/text", "bin"])
def test_a_configured_one_that_cannot_be_executed_is_not_replaced(tmp_path: Path, name: str) -> None:
    program(tmp_path / "bin" / "chromium")
    program(tmp_path / "bin" / "text", mode=0o644)
    assert find_executable(str(tmp_path / name)) is None


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"])
def test_a_browser_on_path_is_found(tmp_path: Path, name: str) -> None:
    found = program(tmp_path / "bin" / name)
    assert find_executable() == found


def test_playwrights_own_is_found_in_the_home_folder(tmp_path: Path) -> None:
    own = program(tmp_path / "home/.cache/ms-playwright/chromium-1234/chrome-linux64/chrome")
    assert find_executable() == own


def test_playwrights_newest_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    newer = program(tmp_path / "browsers/chromium-999/chrome-linux/chrome")
    older = program(tmp_path / "browsers/chromium-1000/chrome-linux/chrome")
    os.utime(older, (1, 1))
    assert find_executable() == newer


def test_playwrights_own_inside_its_package_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", "0")
    assert find_executable() is None
