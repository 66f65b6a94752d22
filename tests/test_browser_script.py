"""What `./run` and `./test` do about a browser, with a PATH, a home and an apt-get of the test's own."""

import os
import shutil
from pathlib import Path

import pytest

from scripts import browser


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, on a machine without a browser that Playwright's downloads do not reach."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_DOWNLOAD_HOST", "http://127.0.0.1:1")
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH", raising=False)
    monkeypatch.delenv("BROWSER_EXECUTABLE", raising=False)
    return folder


def put_program(folder: Path, name: str, script: str = "") -> Path:
    """Make a shell script that can be run by its name."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_a_browser_on_path_is_enough(bin_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    put_program(bin_folder, "google-chrome")

    assert browser.main() == 0
    assert capfd.readouterr() == ("", "")


def test_the_browser_that_dotenv_names_is_enough(bin_folder: Path, tmp_path: Path) -> None:
    program = put_program(tmp_path, "my-browser")
    (tmp_path / ".env").write_text(f"BROWSER_EXECUTABLE={program}\n")

    assert browser.main() == 0


def test_a_wrong_browser_is_said_and_not_replaced(
    bin_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    put_program(bin_folder, "chromium")
    monkeypatch.setenv("BROWSER_EXECUTABLE", "/no/such/browser")

    assert browser.main() == 1
    assert "BROWSER_EXECUTABLE is /no/such/browser" in capfd.readouterr().err


def test_where_the_download_fails_roots_package_manager_is_asked(
    bin_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    put_program(
        bin_folder,
        "apt-get",
        f'case "$*" in *" chromium "*) {shutil.which("cp", path="/bin")} "$0" "{bin_folder}/chromium";; esac',
    )

    assert browser.main() == 0
    assert len(capfd.readouterr().err.splitlines()) == 2, "the download and the package: one line each"


def test_without_any_way_one_sentence_says_what_to_do(
    bin_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert browser.main() == 1
    assert capfd.readouterr().err.splitlines()[-1].startswith("Vereda needs Chromium or Chrome")
