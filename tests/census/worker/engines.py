"""Engines for tests: with a fake source, whose lookups wait for one another as the test says."""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from tests.census.sources.fake import FakeSource
from vereda.census.models import CedulaInfo, SourceState
from vereda.census.sources.port import LookupHooks, Outcome
from vereda.census.statuses import Status
from vereda.census.worker.engine import Engine

WAIT_SECONDS = 20.0


class HeldSource(FakeSource):
    """Answers nobody before `let_go` is called, from whichever thread; remembers the most lookups at a time."""

    def __init__(self, answers: Mapping[str, Outcome] | None = None) -> None:
        self._held = asyncio.Event()
        super().__init__(answers, name="practice", gate=self._held)
        self._now = 0
        self.most = 0

    async def lookup(self, cedula: str, hooks: LookupHooks) -> Outcome:
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            return await super().lookup(cedula, hooks)
        finally:
            self._now -= 1

    def let_go(self, engine: Engine) -> None:
        """Answer those who wait and all who come."""
        engine._loop.call_soon_threadsafe(self._held.set)


def wait_until(holds: Callable[[], object], *, seconds: float = WAIT_SECONDS) -> None:
    """Wait until something holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.01)


class QueueTasks:
    """Tasks of a queue, each on a thread of its own, where it stays until it hears what happened."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(16)

    def run(self, user_id: int) -> Future[str]:
        """Run the task about a person, without waiting for what happens."""
        return self._pool.submit(self._engine.look_up, user_id, seconds=WAIT_SECONDS)

    def close(self) -> None:
        self._pool.shutdown()


def drain(engine: Engine, grace_seconds: float) -> None:
    """Drain an engine as the end of its stop pipe does."""
    engine._loop.call_soon_threadsafe(engine.drain, grace_seconds)


def status_of(user_id: int) -> Status:
    return Status(CedulaInfo.objects.get(user_id=user_id).status)


def count(status: Status) -> int:
    return CedulaInfo.objects.filter(status=status).count()


def next_slot_in(seconds: float) -> None:
    """Let the source's next slot begin so many seconds from now."""
    SourceState.objects.update_or_create(source="practice", defaults={"free_at": time.time() + seconds})
