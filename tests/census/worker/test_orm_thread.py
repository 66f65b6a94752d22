"""What needs the database runs on one thread, one piece of work after the other, for whoever asks from the loop."""

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection

from tests import make
from tests.census.sources.asking.loop import LoopThread
from vereda.accounts.models import User
from vereda.census.worker import orm_thread as module
from vereda.census.worker.orm_thread import OrmThread


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.stop()


@pytest.fixture
def orm_thread(loop: LoopThread) -> Iterator[OrmThread]:
    orm_thread = OrmThread(loop._loop)
    yield orm_thread
    orm_thread.close(10)


def test_work_runs_on_its_thread_and_its_result_comes_back(loop: LoopThread, orm_thread: OrmThread) -> None:
    assert loop.run(orm_thread.run(threading.current_thread)) is orm_thread._thread


def test_what_work_raises_is_raised_to_who_asked_and_the_next_one_runs(loop: LoopThread, orm_thread: OrmThread) -> None:
    with pytest.raises(ZeroDivisionError):
        loop.run(orm_thread.run(lambda: 1 / 0))

    assert loop.run(orm_thread.run(lambda: 1)) == 1


def test_work_runs_in_the_order_in_which_they_was_handed_in(loop: LoopThread, orm_thread: OrmThread) -> None:
    done: list[int] = []

    async def many() -> None:
        await asyncio.gather(*(orm_thread.run(lambda number=number: done.append(number)) for number in range(20)))

    loop.run(many())
    assert done == list(range(20))


def test_work_that_nobody_waits_for_any_more_runs_all_the_same(loop: LoopThread, orm_thread: OrmThread) -> None:
    done: list[str] = []

    async def turn_away() -> None:
        asking = asyncio.create_task(orm_thread.run(lambda: time.sleep(0.2) or done.append("done")))
        await asyncio.sleep(0.05)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    loop.run(turn_away())
    assert loop.run(orm_thread.run(lambda: list(done))) == ["done"]


def test_while_the_database_is_out_of_reach_work_is_tried_again(
    loop: LoopThread, orm_thread: OrmThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = [OperationalError("busy"), OperationalError("away"), DataError("strange")]

    def work() -> str:
        if troubles:
            raise troubles.pop(0)
        return "done"

    monkeypatch.setattr(module, "_BACKOFF", (0.01,))
    assert loop.run(orm_thread.retry(work, seconds=20)) == "done"
    assert troubles == []


def test_the_last_trouble_is_raised_when_the_time_is_over(
    loop: LoopThread, orm_thread: OrmThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []

    def work() -> None:
        tries.append(time.monotonic())
        raise OperationalError(f"try {len(tries)}")

    monkeypatch.setattr(module, "_BACKOFF", (0.05,))
    with pytest.raises(OperationalError) as caught:
        loop.run(orm_thread.retry(work, seconds=0.5))

    assert str(caught.value) == f"try {len(tries)}"
    assert 1 < len(tries) <= 11
    assert tries[-1] - tries[0] <= 0.55


def test_what_is_no_trouble_of_the_databases_is_not_tried_again(loop: LoopThread, orm_thread: OrmThread) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        loop.run(orm_thread.retry(work, seconds=20))
    assert tries == [1]


def test_the_thread_outlives_trouble_with_an_old_connection(
    loop: LoopThread, orm_thread: OrmThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as trouble:
        trouble.setattr(module, "close_old_connections", broken)
        with pytest.raises(OperationalError, match="gone"):
            loop.run(orm_thread.run(lambda: "never"))

    assert loop.run(orm_thread.run(lambda: "done")) == "done"


def test_an_orm_thread_that_closes_finishes_its_work(loop: LoopThread) -> None:
    done: list[int] = []

    async def hand_in(orm_thread: OrmThread) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(orm_thread.run(lambda: time.sleep(0.05) or done.append(1))) for _ in range(3)]
        await asyncio.sleep(0)
        return tasks

    orm_thread = OrmThread(loop._loop)
    loop.run(hand_in(orm_thread))
    orm_thread.close(10)

    assert done == [1, 1, 1]
    assert not orm_thread._thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_it_has_a_connection_of_its_own_and_sees_what_others_have_stored(
    loop: LoopThread, orm_thread: OrmThread
) -> None:
    make.person("Nora Sinisterra")

    def look() -> tuple[Any, list[str]]:
        return connection.connection, list(User.objects.values_list("full_name", flat=True))

    handle, names = loop.run(orm_thread.run(look))
    assert names == ["Nora Sinisterra"]
    assert handle is not connection.connection


@pytest.mark.skipif(connection.vendor == "sqlite", reason="a file has no server that could go away")
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_has_ended_is_replaced(loop: LoopThread, orm_thread: OrmThread) -> None:
    def end_it() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(OperationalError):
        loop.run(orm_thread.run(end_it))

    assert loop.run(orm_thread.run(User.objects.count)) == 0
