"""The stop pipe: its end tells a worker to stop, however its watchdog ended."""

import os
import time
from collections.abc import Iterator

import pytest

from tests import make
from tests.census.conftest import Start
from tests.census.sources.asking.loop import LoopThread
from tests.census.sources.fake import FakeSource
from tests.census.worker.engines import HeldSource, status_of, wait_until
from vereda.census.statuses import Status
from vereda.census.worker import stopping


class Pipe:
    """A pipe, whose ends are closed when the test is over."""

    def __init__(self) -> None:
        self.read_end, self._write_end = os.pipe()
        self.is_cut = False

    def cut(self) -> None:
        if not self.is_cut:
            os.close(self._write_end)
        self.is_cut = True


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    pipe = Pipe()
    for name, value in stopping.variable(pipe.read_end, 7.5).items():
        monkeypatch.setenv(name, value)
    yield pipe
    pipe.cut()
    os.close(pipe.read_end)


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.stop()


def test_when_the_pipe_ends_the_worker_is_told_once_with_the_seconds_that_it_has(loop: LoopThread, pipe: Pipe) -> None:
    told: list[float] = []

    async def watch() -> None:
        stopping.watch(loop._loop, told.append)

    loop.run(watch())
    time.sleep(0.1)
    assert told == []
    pipe.cut()

    wait_until(lambda: told)
    time.sleep(0.1)
    assert told == [7.5]


def test_a_process_without_a_watchdog_watches_nothing(loop: LoopThread, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(stopping.VARIABLE, raising=False)

    async def watch() -> None:
        stopping.watch(loop._loop, lambda _: None)

    loop.run(watch())
    assert not loop._loop._selector.get_map().keys() - {loop._loop._ssock.fileno()}


def test_an_engine_whose_stop_pipe_ends_drains(start: Start, pipe: Pipe) -> None:
    asked = make.person()
    held = HeldSource()
    engine = start(held)
    engine.wake()
    wait_until(lambda: held.started)

    pipe.cut()

    wait_until(lambda: engine._draining is not None)
    make.person()
    held.let_go(engine)
    assert engine.look_up(asked.pk) == "found"
    wait_until(engine._draining.done)
    assert len(held.started) == 1


def test_what_does_not_end_within_the_grace_of_the_stop_pipe_is_released(
    start: Start, pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(stopping.VARIABLE, f"{pipe.read_end}:0.2")
    nora = make.person()
    held = HeldSource()
    engine = start(held)
    engine.wake()
    wait_until(lambda: held.started)

    pipe.cut()

    assert engine.look_up(nora.pk) == "released"
    assert status_of(nora.pk) == Status.PENDING


def test_an_engine_keeps_working_as_long_as_its_stop_pipe_is_open(start: Start, pipe: Pipe) -> None:
    nora = make.person()
    engine = start(FakeSource(name="practice"))

    assert engine.look_up(nora.pk) == "found"
