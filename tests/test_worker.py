"""The worker's own temporary folder, and that the worker stops when it is asked to."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from vereda.census.management.commands import worker


@pytest.fixture(autouse=True)
def own_temporary_folder(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    """Give back what the worker changes in its process, and keep it out of the checkout."""
    monkeypatch.setenv("TMPDIR", "/tmp")
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(worker, "LONGEST_PATH", 1000)
    settings.VAR_DIR = tmp_path


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Be the worker that uses a folder."""
    folder.mkdir(parents=True)
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    yield
    os.close(handle)


def test_the_folder_is_where_browsers_leave_their_things_and_goes_with_the_worker(tmp_path: Path) -> None:
    with worker.private_temporary_folder() as folder:
        assert folder.parent == tmp_path / "tmp"
        assert Path(tempfile.mkdtemp()).parent == folder
        assert os.environ["TMPDIR"] == str(folder)

    assert not folder.exists()


def test_folders_of_dead_workers_are_removed_and_of_living_ones_kept(tmp_path: Path) -> None:
    dead, living = tmp_path / "tmp" / "worker-dead", tmp_path / "tmp" / "worker-living"
    with held(living):
        (dead / "profile").mkdir(parents=True)

        with worker.private_temporary_folder():
            assert not dead.exists()
            assert living.exists()


def test_a_path_too_long_for_the_browsers_socket_gives_way_to_the_systems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(worker, "LONGEST_PATH", 58)

    assert worker.temporary_parent(tmp_path / ("long" * 12)) == Path("/tmp", f"vereda-{os.geteuid()}")
