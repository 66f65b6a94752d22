"""The engine of a worker process: several lookups in flight at once, in one browser.

It is made at the process's first task and therefore after Django-Q2's fork. The sources run on an event loop in a
daemon thread, the ORM in another one. One starter claims whoever is next, prepares their page, waits for a slot of the
pace and sends the request; then it claims the next. So at most one claimed person waits for a slot, and the pace is the
only limit while up to `CENSUS_IN_FLIGHT` lookups wait for captchas and replies. Lookups do not belong to a task: a
message wakes the starter, which goes on until nobody is due.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Coroutine, Iterable
from functools import partial
from multiprocessing.util import Finalize

from django.conf import settings
from django.utils import timezone

from vereda.census import roster
from vereda.census.sources.build import build_sources
from vereda.census.sources.port import Source
from vereda.census.worker import claims, heartbeat, stopping
from vereda.census.worker.attempt import UNABLE, UNABLE_PAUSE, Attempt
from vereda.census.worker.claims import Claim
from vereda.census.worker.orm_thread import DATABASE_ERRORS, OrmThread

logger = logging.getLogger(__name__)

LOOK_UP_SECONDS = 100
"""How long a task waits for its lookup: the queue ends it at 120 s."""
HEARTBEAT_SECONDS = 5
IDLE_SECONDS = 30.0
"""After so long without a message the starter asks the database who is due: the broker may be dead."""
CLOSE_SECONDS = 10
NOTHING_DUE, STILL_WAITING, STOPPING, TROUBLE = "nothing due", "still waiting", "stopping", "trouble"


def configured_sources() -> list[Source]:
    """Return the sources that the settings name, in their order. Raises ValueError for a name nobody knows."""
    return build_sources([roster.configuration(name) for name in roster.names()])


class Engine:
    """Looks several people up at once, on its own event loop. The sources are asked in their order."""

    def __init__(self, *sources: Source) -> None:
        self.sources = sources
        self.pid = os.getpid()
        self._names = [source.name for source in sources]
        self._loop = asyncio.new_event_loop()
        self._orm = OrmThread(self._loop)
        self._capacity = asyncio.Semaphore(settings.CENSUS_IN_FLIGHT)
        self._lookups: dict[int, asyncio.Task[str]] = {}
        self._attempts: dict[int, Attempt] = {}
        self._waiting: dict[int, asyncio.Future[str]] = {}
        self._wake = asyncio.Event()
        self._sleep_seconds: float | None = None
        self._unable_until = 0.0
        self._draining: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="census-loop", daemon=True)
        self._thread.start()

    def look_up(self, user_id: int, *, seconds: float = LOOK_UP_SECONDS) -> str:
        """See that a person is looked up; return what happened, after so many seconds at the latest.

        Others whose turn is earlier come first. A lookup that has begun goes on after the return.
        """
        looking_up = asyncio.run_coroutine_threadsafe(self._look_up(user_id), self._loop)
        try:
            return looking_up.result(seconds)
        except TimeoutError:
            return STILL_WAITING
        finally:
            looking_up.cancel()

    def close(self, *, grace_seconds: float | None = None) -> None:
        """Finish what is in flight, release what does not end in time, then close the sources and the threads.

        A source that does not close in time ends with the process.
        """
        grace = settings.CENSUS_TIMEOUT_SECONDS + CLOSE_SECONDS if grace_seconds is None else grace_seconds
        closing = asyncio.run_coroutine_threadsafe(self._close(grace), self._loop)
        try:
            closing.result(grace + 2 * CLOSE_SECONDS)
        except TimeoutError:
            logger.warning("engine.not_closed in_flight=%s", len(self._lookups))
        self._orm.close(CLOSE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_SECONDS)

    def drain(self, grace_seconds: float) -> None:
        """Start nothing any more, and release after so many seconds what is still in flight. Call it on the loop."""
        if self._draining is None:
            self._draining = self._loop.create_task(self._drain(grace_seconds))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._in_background(self._keep_starting())
        self._in_background(self._keep_recording_heartbeats())
        stopping.watch(self._loop, self.drain)
        self._loop.run_forever()
        self._loop.close()

    def _in_background(self, work: Coroutine[object, object, None]) -> None:
        task = self._loop.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _look_up(self, user_id: int) -> str:
        if self._draining is not None:
            return STOPPING
        is_waiting = partial(claims.is_due, user_id=user_id, now=timezone.now())
        if self._capacity.locked() and not await self._orm.run(is_waiting) and user_id not in self._lookups:
            return NOTHING_DUE
        if user_id in self._lookups:
            return await asyncio.shield(self._lookups[user_id])
        result = self._waiting.setdefault(user_id, self._loop.create_future())
        self._wake.set()
        return await asyncio.shield(result)

    def _resolve(self, user_ids: Iterable[int], what: str) -> None:
        """End the waiting of these people's tasks with what happened."""
        for user_id in list(user_ids):
            result = self._waiting.pop(user_id, None)
            if result is not None and not result.done():
                result.set_result(what)

    async def _keep_starting(self) -> None:
        """Start whoever is due: when a task comes, when somebody becomes due, and every `IDLE_SECONDS`."""
        while True:
            try:
                async with asyncio.timeout(self._sleep_seconds):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            self._sleep_seconds = self._unable_until - self._loop.time()
            if self._sleep_seconds > 0:
                self._resolve(self._waiting.keys() - self._lookups.keys(), UNABLE)
                continue
            self._sleep_seconds = None
            try:
                await self._start_all_due()
            except Exception as error:
                if not isinstance(error, DATABASE_ERRORS):
                    logger.exception("engine.trouble")
                logger.warning("engine.cannot_claim error=%s", type(error).__name__)
                self._resolve(self._waiting.keys() - self._lookups.keys(), TROUBLE)

    async def _start_all_due(self) -> None:
        while self._draining is None:
            await self._capacity.acquire()
            waiting = set(
                self._waiting
            )  # before the database is asked: a later task may be for somebody it did not see
            try:
                claim_next = partial(
                    claims.claim_next, sources=self._names, now=timezone.now(), is_alone=not self._lookups
                )
                claimed = None if self._draining else await self._orm.run(claim_next)
            except BaseException:
                self._capacity.release()
                raise
            if claimed is None:
                self._capacity.release()
                self._resolve(waiting - self._lookups.keys(), NOTHING_DUE)
                self._sleep_seconds = await self._orm.run(self._seconds_until_due)
                return
            if await self._start(*claimed) == UNABLE:
                logger.error("engine.unable_to_open_pages")
                self._unable_until = self._loop.time() + UNABLE_PAUSE.total_seconds()
                self._wake.set()
                return

    def _seconds_until_due(self) -> float:
        now = timezone.now()
        due_at = claims.next_due_at(sources=self._names, now=now)
        left = IDLE_SECONDS if due_at is None else (due_at - now).total_seconds()
        return min(max(0.0, left), IDLE_SECONDS)

    async def _start(self, claimed: Claim, name: str) -> str | None:
        """Start a claimed lookup; return None once its first request was sent, or how it ended before that.

        One that must run alone always ends first.
        """
        attempt = Attempt(claimed, self.sources[self._names.index(name) :], self._orm)
        lookup = self._loop.create_task(attempt.run())
        self._lookups[claimed.user_id], self._attempts[claimed.user_id] = lookup, attempt
        lookup.add_done_callback(partial(self._ended, claimed.user_id))
        if self._draining is not None:
            attempt.give_up()
        if claimed.must_run_alone:
            await asyncio.wait({lookup})
        else:
            opened = self._loop.create_task(attempt.has_opened.wait())
            await asyncio.wait({lookup, opened}, return_when=asyncio.FIRST_COMPLETED)
            opened.cancel()
        return lookup.result() if lookup.done() else None

    def _ended(self, user_id: int, lookup: asyncio.Task[str]) -> None:
        self._capacity.release()
        if self._lookups.get(user_id) is lookup:  # another one if consent was withdrawn and given again meanwhile
            del self._lookups[user_id], self._attempts[user_id]
        self._resolve([user_id], TROUBLE if lookup.cancelled() or lookup.exception() else lookup.result())
        if not self._lookups:
            self._wake.set()  # somebody may be due who must run alone

    async def _keep_recording_heartbeats(self) -> None:
        """Record heartbeats during work. An idle worker must not: only its tasks show that it still gets messages."""
        while True:
            if self._lookups or self._waiting:
                try:
                    await self._orm.run(partial(heartbeat.record, now=timezone.now()))
                except DATABASE_ERRORS as error:
                    logger.warning("engine.no_heartbeat error=%s", type(error).__name__)
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _drain(self, grace_seconds: float) -> None:
        logger.info("engine.draining in_flight=%s", len(self._lookups))
        self._resolve(self._waiting.keys() - self._lookups.keys(), STOPPING)
        for attempt in list(self._attempts.values()):
            if not attempt.has_opened.is_set():
                attempt.give_up()
        if self._lookups:
            await asyncio.wait(self._lookups.values(), timeout=grace_seconds)
        for attempt in list(self._attempts.values()):
            attempt.give_up()
        if self._lookups:
            await asyncio.wait(self._lookups.values(), timeout=CLOSE_SECONDS)

    async def _close(self, grace_seconds: float) -> None:
        self.drain(grace_seconds)
        assert self._draining is not None  # noqa: S101 - `drain` has just made it
        await self._draining
        for source in self.sources:
            await source.close()
        for task in self._background:
            task.cancel()


_engine: Engine | None = None


def current() -> Engine:
    """Return this process's engine, made at the first call: never before a fork, never shared across one."""
    global _engine  # noqa: PLW0603 - one engine a process is the point
    if _engine is None or _engine.pid != os.getpid():
        _engine = Engine(*configured_sources())
        Finalize(None, _engine.close, exitpriority=1)  # an orderly end of the process closes its browser
    return _engine
