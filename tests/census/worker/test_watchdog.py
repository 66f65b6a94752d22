"""The watchdog's judgement: by what a cluster writes down, and by nothing that is not the cluster's fault."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone
from django_q.models import Task

from tests import make, queues
from tests.census.worker.attempts import claim
from vereda.census.models import CedulaInfo, Worker
from vereda.census.statuses import Status
from vereda.census.worker import heartbeat, rescue, watchdog
from vereda.census.worker.watchdog import Watchdog

pytestmark = pytest.mark.django_db

KEY = "aqui-1-1"
NOW = datetime(2099, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    """Let only the test move time, and let the watchdog look whenever it is asked."""
    monkeypatch.setenv(heartbeat.KEY_VARIABLE, KEY)
    monkeypatch.setattr(watchdog, "CHECK_SECONDS", 0)
    monkeypatch.setattr(watchdog, "close_old_connections", lambda: None)  # this one is in the test's transaction
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def watched(clock: time_machine.Traveller) -> Watchdog:
    """A watchdog that has just started its cluster."""
    watched = Watchdog(KEY, 4711, lambda: {4712})
    watched.begin()
    return watched


def beats_on_their_way() -> list[str]:
    return [message["group"] for message in queues.messages() if message["func"] == watchdog.BEAT_TASK]


def take_beats(*, store: bool = True) -> None:
    """Be a worker with its engine that takes every beat, and the monitor that stores the results."""
    heartbeat_now()
    for beat in beats_on_their_way():
        heartbeat.record_beat(beat=beat, now=timezone.now())
        if store:
            store_result(beat)
    queues.clear()


def store_result(beat: str) -> None:
    """Be the monitor."""
    now = timezone.now()
    Task.objects.create(id=beat, name=beat, func=watchdog.BEAT_TASK, group=beat, started=now, stopped=now)


def heartbeat_now() -> None:
    """Be an engine that goes on."""
    heartbeat.record(now=timezone.now())


def look_for(seconds: int, watched: Watchdog, clock: time_machine.Traveller, *, meanwhile: Any = lambda: None) -> bool:
    """Look every second for so long; return whether the cluster was found lost at the end."""
    is_lost = watched.is_lost()
    for _ in range(seconds):
        clock.shift(1)
        meanwhile()
        is_lost = watched.is_lost()
    return is_lost


def test_a_cluster_that_was_started_is_known_with_its_watchdog(watched: Watchdog) -> None:
    worker = Worker.objects.get()

    assert (worker.key, worker.pid, worker.started_at) == (KEY, 4711, NOW)


def test_a_cluster_that_takes_its_beats_is_well(watched: Watchdog, clock: time_machine.Traveller) -> None:
    for _ in range(60):
        assert not look_for(5, watched, clock, meanwhile=take_beats)


def test_a_cluster_that_records_no_heartbeat_is_lost_after_a_while(
    watched: Watchdog, clock: time_machine.Traveller, caplog: Any
) -> None:
    assert not look_for(40, watched, clock)
    assert look_for(1, watched, clock)
    assert "no worker records a heartbeat" in caplog.text


def test_a_cluster_whose_worker_died_while_idle_is_lost(watched: Watchdog, clock: time_machine.Traveller) -> None:
    assert not look_for(300, watched, clock, meanwhile=take_beats)

    assert look_for(41, watched, clock)


def test_a_cluster_that_gets_no_messages_is_lost_after_three_minutes_although_its_engine_goes_on(
    watched: Watchdog, clock: time_machine.Traveller, caplog: Any
) -> None:
    assert not look_for(180, watched, clock, meanwhile=heartbeat_now)
    assert look_for(1, watched, clock, meanwhile=heartbeat_now)
    assert "no messages come" in caplog.text


def test_a_cluster_whose_beats_another_one_takes_is_not_lost_by_that(
    watched: Watchdog, clock: time_machine.Traveller
) -> None:
    def take_every_tenth() -> None:
        heartbeat_now()
        for beat in beats_on_their_way():
            if len(taken) % 10 == 9:
                heartbeat.record_beat(beat=beat, now=timezone.now())
            taken.append(beat)
            store_result(beat)
        queues.clear()

    taken: list[str] = []
    assert not look_for(300, watched, clock, meanwhile=take_every_tenth)
    assert len(taken) > 70


def test_a_cluster_whose_results_are_not_stored_is_lost(
    watched: Watchdog, clock: time_machine.Traveller, caplog: Any
) -> None:
    def take_and_sign() -> None:
        take_beats(store=False)
        heartbeat_now()

    look_for(1, watched, clock, meanwhile=take_and_sign)
    assert not look_for(19, watched, clock, meanwhile=take_and_sign)

    assert look_for(3, watched, clock, meanwhile=take_and_sign)
    assert "results are not stored" in caplog.text


def test_a_result_that_is_stored_a_little_later_is_all_right(watched: Watchdog, clock: time_machine.Traveller) -> None:
    look_for(1, watched, clock)
    take_beats(store=False)
    beat = Worker.objects.get().beat
    assert not look_for(15, watched, clock)
    store_result(beat)

    assert not look_for(20, watched, clock)


def test_beats_that_nobody_takes_do_not_pile_up(watched: Watchdog, clock: time_machine.Traveller) -> None:
    look_for(59, watched, clock)
    assert len(beats_on_their_way()) == 1

    look_for(600, watched, clock)
    assert len(beats_on_their_way()) <= 12


def test_beats_come_every_few_seconds_and_not_at_every_check(watched: Watchdog, clock: time_machine.Traveller) -> None:
    sent: set[str] = set()

    def take_and_count() -> None:
        sent.update(beats_on_their_way())
        take_beats()

    look_for(60, watched, clock, meanwhile=take_and_count)

    assert 15 <= len(sent) <= 20


@pytest.mark.parametrize("error", [OperationalError("the database is away"), ConnectionError("the broker is away")])
def test_while_nothing_can_be_read_or_sent_nobody_is_judged(
    watched: Watchdog, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise error

    with monkeypatch.context() as trouble:
        trouble.setattr(watchdog, "async_task", away)
        assert not look_for(600, watched, clock)

    assert not look_for(39, watched, clock)
    assert look_for(3, watched, clock)


def test_a_cluster_started_again_has_all_the_time_that_a_start_needs(
    watched: Watchdog, clock: time_machine.Traveller
) -> None:
    assert look_for(41, watched, clock)

    watched.begin()

    assert not look_for(40, watched, clock)
    assert look_for(1, watched, clock)


def test_what_hung_before_a_restart_is_not_held_against_the_new_cluster(
    watched: Watchdog, clock: time_machine.Traveller
) -> None:
    look_for(1, watched, clock)
    take_beats(store=False)
    look_for(41, watched, clock)

    watched.begin()

    assert not look_for(21, watched, clock, meanwhile=take_beats)


def test_a_cluster_that_hangs_is_lost_although_its_row_is_gone(
    watched: Watchdog, clock: time_machine.Traveller
) -> None:
    heartbeat.unregister(KEY)

    assert look_for(50, watched, clock)


def test_it_looks_every_two_seconds_however_often_it_is_asked(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(watchdog, "close_old_connections", lambda: None)
    watched = Watchdog(KEY, 4711, lambda: looked.append(1) or set())
    looked: list[int] = []
    watched.begin()

    assert [watched.is_lost() for _ in range(50)] == [False] * 50
    assert len(looked) == 1


def test_what_a_dead_process_held_ends_at_the_next_check_and_its_cluster_is_started_again(
    watched: Watchdog, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = make.person().cedula_info
    with monkeypatch.context() as process:
        process.setattr(heartbeat, "own_name", lambda: f"{KEY}/4713")
        claim(record)

    assert watched.is_lost()

    record.refresh_from_db()
    assert record.status == Status.PENDING
    assert not watched.is_lost()


def test_what_a_running_process_holds_stays_its_own(watched: Watchdog, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make.person().cedula_info
    with monkeypatch.context() as process:
        process.setattr(heartbeat, "own_name", lambda: f"{KEY}/4712")
        claim(record)

    assert not watched.is_lost()

    record.refresh_from_db()
    assert record.status == Status.PROCESSING


def test_now_and_then_it_ends_claims_that_have_expired(watched: Watchdog, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make.person().cedula_info
    CedulaInfo.objects.update(next_at=NOW - HOUR)
    with monkeypatch.context() as process:
        process.setattr(heartbeat, "own_name", lambda: "another/4713")
        claim(record, NOW - HOUR)

    watched.is_lost()

    record.refresh_from_db()
    assert record.status == Status.PENDING


def test_a_rescue_that_fails_is_no_fault_of_the_clusters(
    watched: Watchdog, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def away(**_: Any) -> int:
        raise OperationalError("the database is away")

    monkeypatch.setattr(rescue, "rescue_from_dead", away)

    assert not look_for(600, watched, clock)
    assert "watchdog.cannot_check" in caplog.text
