"""The worker's own temporary folder, and that the worker stops when it is asked to."""

import fcntl
import os
import select
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from vereda.census.management.commands import worker
from vereda.census.models import Restart, Worker
from vereda.census.worker import heartbeat, stopping
from vereda.processes.supervisor import KeepsFailingError, Program


@pytest.fixture(autouse=True)
def own_temporary_folder(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    """Give back what the worker changes in its process, and keep it out of the checkout."""
    monkeypatch.setenv("TMPDIR", "/tmp")
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(worker, "LONGEST_PATH", 1000)
    settings.VAR_DIR = tmp_path


@contextmanager
def held(folder: Path) -> Iterator[int]:
    """Be the worker that uses a folder, and give its lock."""
    folder.mkdir(parents=True)
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    yield handle
    os.close(handle)


def test_the_folder_is_where_browsers_leave_their_things_and_goes_with_the_worker(tmp_path: Path) -> None:
    with worker.private_temporary_folder():
        folder = Path(os.environ["TMPDIR"])
        assert folder.parent == tmp_path / "tmp"
        assert Path(tempfile.mkdtemp()).parent == folder

    assert not folder.exists()


def test_the_folder_is_locked_by_the_file_that_the_cluster_inherits() -> None:
    with worker.private_temporary_folder() as lock:
        folder = Path(os.environ["TMPDIR"])
        assert os.fstat(lock).st_ino == folder.stat().st_ino

        worker.remove_abandoned(folder.parent)

        assert folder.exists()


def test_the_folder_of_a_killed_worker_is_kept_until_its_cluster_is_gone_too(tmp_path: Path) -> None:
    folder = tmp_path / "worker-killed"
    with held(folder) as lock:
        cluster = subprocess.Popen(["sleep", "600"], pass_fds=(lock,))

    worker.remove_abandoned(tmp_path)
    assert folder.exists()
    cluster.kill()
    cluster.wait()
    worker.remove_abandoned(tmp_path)
    assert not folder.exists()


def test_the_pipe_of_a_worker_ends_when_it_is_cut_and_not_before() -> None:
    with worker._pipe() as (read_end, cut):
        assert select.select([read_end], [], [], 0)[0] == []
        cut()
        assert os.read(read_end, 1) == b""


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


class NoRequests:
    """In place of what takes the process's signals over."""

    def listen(self) -> None:
        """Leave them to pytest."""


class WatchedCluster:
    """In the supervisor's place: hangs as often as a test says, and notes what is done to it."""

    hangs = 0
    fails = False

    def __init__(
        self, programs: list[Program], _: "NoRequests", *, grace_seconds: float, on_death: Callable[[], None]
    ) -> None:
        (self.program,) = programs
        self.grace_seconds = grace_seconds
        self.on_death = on_death
        self.events: list[str] = []
        clusters.append(self)

    def start(self) -> None:
        self.events.append("started" if Worker.objects.exists() else "started unknown")

    def watch(self, *, until: Callable[[], bool]) -> bool:
        if self.fails:
            self.on_death()
            raise KeepsFailingError("qcluster")
        Worker.objects.update(beat="abc")
        return self.events.count("restarted") < self.hangs

    def restart(self) -> None:
        self.events.append("restarted")

    def living(self) -> set[int]:
        return set()

    def stop(self) -> None:
        read_end, _ = self.program.variables[stopping.VARIABLE].split(":")
        is_told = select.select([int(read_end)], [], [], 0)[0] != []
        self.events.append("stopped after it was told" if is_told else "stopped at once")


clusters: list[WatchedCluster] = []


@pytest.fixture
def cluster(db: None, monkeypatch: pytest.MonkeyPatch) -> type[WatchedCluster]:
    monkeypatch.setattr(worker, "Supervisor", WatchedCluster)
    monkeypatch.setattr(worker, "StopRequests", NoRequests)
    monkeypatch.setattr(WatchedCluster, "hangs", 0)
    monkeypatch.setattr(WatchedCluster, "fails", False)
    clusters.clear()
    return WatchedCluster


def test_a_cluster_is_known_before_it_starts_and_forgotten_after_it_stopped(cluster: type[WatchedCluster]) -> None:
    call_command("worker")

    (watched,) = clusters
    assert watched.events == ["started", "stopped after it was told"]
    assert not Worker.objects.exists()


def test_a_cluster_inherits_its_key_its_stop_pipe_with_its_grace_and_the_lock_of_its_folder(
    cluster: type[WatchedCluster],
) -> None:
    call_command("worker", "--grace", "7.5")

    (watched,) = clusters
    program = watched.program
    read_end, grace = program.variables[stopping.VARIABLE].split(":")
    assert (float(grace), watched.grace_seconds) == (7.5, 7.5 + worker.LAST_SECONDS)
    assert int(read_end) in program.handles
    assert len(program.handles) == 2
    assert str(os.getpid()) in program.variables[heartbeat.KEY_VARIABLE]
    assert list(program.command[-2:]) == [str(Path(__file__).parents[1] / "manage.py"), "qcluster"]


def test_a_cluster_that_hangs_is_restarted_and_watched_anew_each_time(
    cluster: type[WatchedCluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, known = worker.Watchdog.begin, []

    def noting(watchdog: worker.Watchdog) -> None:
        begin(watchdog)
        known.append(Worker.objects.get().beat)

    monkeypatch.setattr(worker.Watchdog, "begin", noting)
    monkeypatch.setattr(cluster, "hangs", 2)
    call_command("worker")

    (watched,) = clusters
    assert watched.events == ["started", "restarted", "restarted", "stopped after it was told"]
    assert known == ["", "", ""]
    assert Restart.objects.count() == 2


def test_a_cluster_that_ends_as_soon_as_it_starts_is_said_to_and_cleaned_up_after(
    cluster: type[WatchedCluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "fails", True)

    with pytest.raises(CommandError, match="ends as soon as it starts"):
        call_command("worker")

    assert clusters[0].events == ["started", "stopped after it was told"]
    assert not Worker.objects.exists()
    assert Restart.objects.count() == 1


def test_a_worker_looks_whether_there_is_something_to_tell(
    cluster: type[WatchedCluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[worker.AlertTimer] = []

    def look(alert_timer: worker.AlertTimer) -> None:
        looked.append(alert_timer)

    monkeypatch.setattr(worker.AlertTimer, "look", look)
    monkeypatch.setattr(cluster, "watch", lambda _, *, until: until())

    call_command("worker")

    assert len(looked) == 1


def test_a_worker_ends_although_its_database_has_gone(
    cluster: type[WatchedCluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: str) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(heartbeat, "unregister", away)

    call_command("worker")

    assert clusters[0].events == ["started", "stopped after it was told"]
