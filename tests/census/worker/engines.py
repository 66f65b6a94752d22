"""Engines for tests: with a fake source, whose lookups wait for one another as the test says."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping

from tests.census.sources.fake import FakeSource
from vereda.census.models import CedulaInfo, SourceState
from vereda.census.sources.port import LookupHooks, Outcome, Source
from vereda.census.statuses import Status
from vereda.census.worker.attempt import Attempt
from vereda.census.worker.engine import Engine

WAIT_SECONDS = 20.0


class HeldSource(FakeSource):
    """Answers nobody before `let_go` is called, from whichever thread; remembers the most lookups at a time."""

    def __init__(self, answers: Mapping[str, Outcome] | None = None) -> None:
        self._held = asyncio.Event()
        super().__init__(answers, name="practice", gate=self._held)
        self._now = 0
        self.most = 0

    async def lookup(self, hooks: LookupHooks) -> Outcome:
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            return await super().lookup(hooks)
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


class WatchedEngine(Engine):
    """An engine that remembers how its lookups ended."""

    def __init__(self, *sources: Source) -> None:
        self._results: dict[int, list[str]] = {}
        self._has_ended = threading.Condition()
        super().__init__(*sources)

    def look_up(self, user_id: int, *, seconds: float = WAIT_SECONDS) -> str:
        """Wake the engine as a message about a person does; return how the next lookup of theirs ended."""
        self.wake()
        return self.ended(user_id, seconds=seconds)

    def ended(self, user_id: int, *, seconds: float = WAIT_SECONDS) -> str:
        """Return how the next lookup of a person ended, waiting for it."""
        with self._has_ended:
            assert self._has_ended.wait_for(lambda: self._results.get(user_id), seconds), "it never ended"
            return self._results[user_id].pop(0)

    def _ended(self, attempt: Attempt, lookup: asyncio.Task[str]) -> None:
        with self._has_ended:
            if attempt._claimed is not None:
                self._results.setdefault(attempt._claimed.user_id, []).append(lookup.result())
                self._has_ended.notify_all()
        super()._ended(attempt, lookup)


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
