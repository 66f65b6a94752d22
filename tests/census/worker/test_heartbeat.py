"""Heartbeats: what a cluster records of itself, and which clusters count as alive by it."""

import os
import socket
from datetime import UTC, datetime, timedelta

import pytest

from vereda.census.models import Worker
from vereda.census.models.engine import LATE_AFTER
from vereda.census.worker import heartbeat

pytestmark = pytest.mark.django_db

NOW = datetime(2099, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEY = "aqui-1-1"


@pytest.fixture
def below_a_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(heartbeat.KEY_VARIABLE, KEY)


def test_below_a_watchdog_a_process_claims_with_its_clusters_key(below_a_watchdog: None) -> None:
    heartbeat.record(now=NOW)

    worker = Worker.objects.get()
    assert (worker.key, worker.host, worker.seen_at) == (KEY, socket.gethostname(), NOW)
    assert heartbeat.own_name() == f"{KEY}/{os.getpid()}"


def test_without_a_watchdog_a_cluster_is_known_by_its_host_and_the_process_above(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(heartbeat.KEY_VARIABLE, raising=False)
    heartbeat.record(now=NOW)

    worker = Worker.objects.get()
    assert (worker.key, worker.pid) == (f"{socket.gethostname()}-{os.getppid()}", os.getppid())


def test_a_key_fits_its_column_however_long_the_hosts_name(below_a_watchdog: None) -> None:
    longest_host, longest_pid, stamp = 64, 4_194_304, 4_102_444_800
    key = f"{'x' * longest_host}-{longest_pid}-{stamp}"

    assert len(key) <= Worker._meta.get_field("key").max_length
    assert len(f"{key}/{longest_pid}") <= 120


def test_heartbeats_of_one_cluster_are_one_row_that_keeps_its_start(below_a_watchdog: None) -> None:
    heartbeat.record(now=NOW)
    heartbeat.record(now=NOW + MINUTE)

    worker = Worker.objects.get()
    assert (worker.started_at, worker.seen_at) == (NOW, NOW + MINUTE)


def test_a_beat_is_recorded_with_its_name_and_time(below_a_watchdog: None) -> None:
    heartbeat.record_beat(beat="abc", now=NOW)

    worker = Worker.objects.get()
    assert (worker.beat, worker.beaten_at) == ("abc", NOW)


def test_a_beat_is_no_sign_that_the_engine_goes_on(below_a_watchdog: None) -> None:
    heartbeat.record(now=NOW)
    heartbeat.record_beat(beat="abc", now=NOW + MINUTE)

    assert Worker.objects.get().seen_at == NOW


def test_a_worker_says_what_it_lacks_until_it_has_it(below_a_watchdog: None) -> None:
    faults = []
    for fault in (Worker.Fault.NO_BROWSER, ""):
        heartbeat.record(now=NOW, fault=fault)
        faults.append(Worker.objects.get().fault)

    assert faults == ["no browser", ""]


def test_a_heartbeat_between_two_beats_keeps_the_last_beat(below_a_watchdog: None) -> None:
    heartbeat.record_beat(beat="abc", now=NOW)
    heartbeat.record(now=NOW + MINUTE)

    worker = Worker.objects.get()
    assert (worker.beat, worker.beaten_at) == ("abc", NOW)


def test_a_cluster_that_starts_again_has_forgotten_its_beats(below_a_watchdog: None) -> None:
    heartbeat.record_beat(beat="abc", now=NOW)
    heartbeat.register(KEY, 77, now=NOW + MINUTE)

    worker = Worker.objects.get()
    assert (worker.pid, worker.beat, worker.beaten_at) == (77, "", None)
    assert worker.started_at == worker.seen_at == NOW + MINUTE


def test_a_cluster_says_which_code_it_runs(below_a_watchdog: None) -> None:
    heartbeat.register(KEY, 77, now=NOW)

    assert Worker.objects.get().version == heartbeat.code_version()
    assert len(heartbeat.code_version()) == 12


def test_who_is_dismissed_is_forgotten_and_nobody_else() -> None:
    heartbeat.register(KEY, 1, now=NOW)
    heartbeat.register("otra", 2, now=NOW)

    heartbeat.unregister(KEY)

    assert [worker.key for worker in Worker.objects.alive(NOW)] == ["otra"]


def test_who_gave_a_sign_lately_is_alive_the_oldest_first() -> None:
    heartbeat.register("young", 1, now=NOW - MINUTE)
    heartbeat.register("old", 2, now=NOW - LATE_AFTER)
    heartbeat.register("silent", 3, now=NOW - LATE_AFTER - timedelta(seconds=1))

    assert [worker.key for worker in Worker.objects.alive(NOW)] == ["old", "young"]


def test_who_has_been_silent_for_a_day_is_forgotten() -> None:
    heartbeat.register("today", 1, now=NOW - timedelta(hours=23))
    heartbeat.register("yesterday", 2, now=NOW - timedelta(hours=25))

    heartbeat.delete_old(NOW)

    assert list(Worker.objects.values_list("key", flat=True)) == ["today"]


def test_a_worker_that_was_forgotten_and_lives_makes_itself_known_again(below_a_watchdog: None) -> None:
    heartbeat.record(now=NOW)
    Worker.objects.all().delete()

    heartbeat.record(now=NOW + MINUTE)

    assert [worker.key for worker in Worker.objects.alive(NOW + MINUTE)] == [KEY]
