"""The desk: what needs the database runs on one thread, one errand after the other, for whoever asks from the loop."""

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
from vereda.census.worker import orm_thread as desks
from vereda.census.worker.orm_thread import Desk


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.stop()


@pytest.fixture
def desk(loop: LoopThread) -> Iterator[Desk]:
    desk = Desk(loop._loop)
    yield desk
    desk.close(10)


def test_an_errand_runs_on_the_desks_thread_and_its_result_comes_back(loop: LoopThread, desk: Desk) -> None:
    assert loop.run(desk.ask(threading.current_thread)) is desk._thread


def test_what_an_errand_raises_is_raised_to_who_asked_and_the_next_one_runs(loop: LoopThread, desk: Desk) -> None:
    with pytest.raises(ZeroDivisionError):
        loop.run(desk.ask(lambda: 1 / 0))

    assert loop.run(desk.ask(lambda: 1)) == 1


def test_errands_run_in_the_order_in_which_they_were_handed_in(loop: LoopThread, desk: Desk) -> None:
    done: list[int] = []

    async def many() -> None:
        await asyncio.gather(*(desk.ask(lambda number=number: done.append(number)) for number in range(20)))

    loop.run(many())
    assert done == list(range(20))


def test_an_errand_that_nobody_waits_for_any_more_runs_all_the_same(loop: LoopThread, desk: Desk) -> None:
    done: list[str] = []

    async def turn_away() -> None:
        asking = asyncio.create_task(desk.ask(lambda: time.sleep(0.2) or done.append("done")))
        await asyncio.sleep(0.05)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    loop.run(turn_away())
    assert loop.run(desk.ask(lambda: list(done))) == ["done"]


def test_while_the_database_is_out_of_reach_an_errand_is_tried_again(
    loop: LoopThread, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = [OperationalError("busy"), OperationalError("away"), DataError("strange")]

    def errand() -> str:
        if troubles:
            raise troubles.pop(0)
        return "done"

    monkeypatch.setattr(desks, "_PAUSES", (0.01,))
    assert loop.run(desk.insist(errand, seconds=20)) == "done"
    assert troubles == []


def test_the_last_trouble_is_raised_when_the_time_is_over(
    loop: LoopThread, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []

    def errand() -> None:
        tries.append(time.monotonic())
        raise OperationalError(f"try {len(tries)}")

    monkeypatch.setattr(desks, "_PAUSES", (0.05,))
    with pytest.raises(OperationalError) as caught:
        loop.run(desk.insist(errand, seconds=0.5))

    assert str(caught.value) == f"try {len(tries)}"
    assert 1 < len(tries) <= 11
    assert tries[-1] - tries[0] <= 0.55


def test_what_is_no_trouble_of_the_databases_is_not_tried_again(loop: LoopThread, desk: Desk) -> None:
    tries: list[int] = []

    def errand() -> None:
        tries.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        loop.run(desk.insist(errand, seconds=20))
    assert tries == [1]


def test_a_desk_outlives_trouble_with_an_old_connection(
    loop: LoopThread, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as trouble:
        trouble.setattr(desks, "close_old_connections", broken)
        with pytest.raises(OperationalError, match="gone"):
            loop.run(desk.ask(lambda: "never"))

    assert loop.run(desk.ask(lambda: "done")) == "done"


def test_a_desk_that_closes_finishes_what_was_handed_in(loop: LoopThread) -> None:
    done: list[int] = []

    async def hand_in(desk: Desk) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(desk.ask(lambda: time.sleep(0.05) or done.append(1))) for _ in range(3)]
        await asyncio.sleep(0)
        return tasks

    desk = Desk(loop._loop)
    loop.run(hand_in(desk))
    desk.close(10)

    assert done == [1, 1, 1]
    assert not desk._thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_it_has_a_connection_of_its_own_and_sees_what_others_have_stored(loop: LoopThread, desk: Desk) -> None:
    make.person("Nora Sinisterra")

    def look() -> tuple[Any, list[str]]:
        return connection.connection, list(User.objects.values_list("full_name", flat=True))

    handle, names = loop.run(desk.ask(look))
    assert names == ["Nora Sinisterra"]
    assert handle is not connection.connection


@pytest.mark.skipif(connection.vendor == "sqlite", reason="a file has no server that could go away")
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_has_ended_is_replaced(loop: LoopThread, desk: Desk) -> None:
    def end_it() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(OperationalError):
        loop.run(desk.ask(end_it))

    assert loop.run(desk.ask(User.objects.count)) == 0
