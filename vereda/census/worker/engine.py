"""The worker's side of lookups: several in flight at once, in one browser.

A worker process has one engine, made at its first task and therefore after Django-Q2's fork. The sources live on an
event loop in a daemon thread, the ORM on another one. One starter claims whoever is next, prepares their page, waits
for a slot of the pace and lets the page go; then the next. So at most one claimed person waits for a slot, and the pace
is used to the full while up to `CENSUS_IN_FLIGHT` lookups wait for captchas and replies. They do not belong to a task:
a message wakes the starter, which goes on until nobody is due.
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

ATTEND_SECONDS = 100
"""How long a task stays with its person: the queue ends it at 120 s."""
BEAT_SECONDS = 5
IDLE_SECONDS = 30.0
"""How long an engine sleeps at most before it looks for itself whether somebody is due: a broker may be dead."""
CLOSE_SECONDS = 10
NOTHING_DUE, STILL_WAITING, STOPPING, TROUBLE = "nothing due", "still waiting", "stopping", "trouble"


def configured_sources() -> list[Source]:
    """Return the sources that the settings name, in their order. Raises ValueError for a name nobody knows."""
    return build_sources([roster.configuration(name) for name in roster.names()])


class Engine:
    """Looks people up, several at once, on an event loop of its own. The sources are asked in their order."""

    def __init__(self, *sources: Source) -> None:
        self.sources = sources
        self.pid = os.getpid()
        self._names = [source.name for source in sources]
        self._loop = asyncio.new_event_loop()
        self._orm = OrmThread(self._loop)
        self._room = asyncio.Semaphore(settings.CENSUS_IN_FLIGHT)
        self._lookups: dict[int, asyncio.Task[str]] = {}
        self._attempts: dict[int, Attempt] = {}
        self._calls: dict[int, asyncio.Future[str]] = {}
        self._wake = asyncio.Event()
        self._rest_seconds: float | None = None
        self._unable_until = 0.0
        self._draining: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="census-loop", daemon=True)
        self._thread.start()

    def attend(self, user_id: int, *, seconds: float = ATTEND_SECONDS) -> str:
        """See that a person is looked up and return what happened, after so many seconds at the latest.

        Whoever is due comes in turn, so that others may be looked up first; what began goes on after the return.
        """
        attending = asyncio.run_coroutine_threadsafe(self._attend(user_id), self._loop)
        try:
            return attending.result(seconds)
        except TimeoutError:
            return STILL_WAITING
        finally:
            attending.cancel()

    def close(self, *, grace_seconds: float | None = None) -> None:
        """Finish what is in flight, give back what does not end in time, and let go of the source and the threads.

        A source that does not close in time goes with the process.
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
        """Start nothing any more; what is in flight has so many seconds before it is given back. On the loop."""
        if self._draining is None:
            self._draining = self._loop.create_task(self._drain(grace_seconds))

    def _run(self) -> None:
        """Be the loop's thread."""
        asyncio.set_event_loop(self._loop)
        self._keep(self._keep_starting())
        self._keep(self._keep_beating())
        stopping.watch(self._loop, self.drain)
        self._loop.run_forever()
        self._loop.close()

    def _keep(self, work: Coroutine[object, object, None]) -> None:
        task = self._loop.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _attend(self, user_id: int) -> str:
        if self._draining is not None:
            return STOPPING
        is_waiting = partial(claims.is_due, user_id=user_id, now=timezone.now())
        if self._room.locked() and not await self._orm.run(is_waiting) and user_id not in self._lookups:
            return NOTHING_DUE
        if user_id in self._lookups:
            return await asyncio.shield(self._lookups[user_id])
        call = self._calls.setdefault(user_id, self._loop.create_future())
        self._wake.set()
        return await asyncio.shield(call)

    def _reply(self, user_ids: Iterable[int], what: str) -> None:
        """Tell the tasks of these people what happened."""
        for user_id in list(user_ids):
            call = self._calls.pop(user_id, None)
            if call is not None and not call.done():
                call.set_result(what)

    async def _keep_starting(self) -> None:
        """Woken by a task, by somebody who becomes due or by `IDLE_SECONDS`: start whoever is due until nobody is."""
        while True:
            try:
                async with asyncio.timeout(self._rest_seconds):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            self._rest_seconds = self._unable_until - self._loop.time()
            if self._rest_seconds > 0:
                self._reply(self._calls.keys() - self._lookups.keys(), UNABLE)
                continue
            self._rest_seconds = None
            try:
                await self._start_all_due()
            except Exception as error:
                if not isinstance(error, DATABASE_ERRORS):
                    logger.exception("engine.trouble")
                logger.warning("engine.cannot_claim error=%s", type(error).__name__)
                self._reply(self._calls.keys() - self._lookups.keys(), TROUBLE)

    async def _start_all_due(self) -> None:
        while self._draining is None:
            await self._room.acquire()
            called = set(self._calls)  # before the database is asked: a later call may be for somebody it did not see
            try:
                claim_next = partial(
                    claims.claim_next, sources=self._names, now=timezone.now(), is_alone=not self._lookups
                )
                claimed = None if self._draining else await self._orm.run(claim_next)
            except BaseException:
                self._room.release()
                raise
            if claimed is None:
                self._room.release()
                self._reply(called - self._lookups.keys(), NOTHING_DUE)
                self._rest_seconds = await self._orm.run(self._seconds_until_due)
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
        """Start a claimed lookup; return once its page was let go, or what happened if it has ended.

        One that must be alone always ends first.
        """
        attempt = Attempt(claimed, self.sources[self._names.index(name) :], self._orm)
        lookup = self._loop.create_task(attempt.run())
        self._lookups[claimed.user_id], self._attempts[claimed.user_id] = lookup, attempt
        lookup.add_done_callback(partial(self._ended, claimed.user_id))
        if self._draining is not None:
            attempt.give_up()
        if claimed.is_suspect:
            await asyncio.wait({lookup})
        else:
            opened = self._loop.create_task(attempt.has_opened.wait())
            await asyncio.wait({lookup, opened}, return_when=asyncio.FIRST_COMPLETED)
            opened.cancel()
        return lookup.result() if lookup.done() else None

    def _ended(self, user_id: int, lookup: asyncio.Task[str]) -> None:
        self._room.release()
        if self._lookups.get(user_id) is lookup:  # else their consent was withdrawn and given again meanwhile
            del self._lookups[user_id], self._attempts[user_id]
        self._reply([user_id], TROUBLE if lookup.cancelled() or lookup.exception() else lookup.result())
        if not self._lookups:
            self._wake.set()  # somebody may be due who must be alone

    async def _keep_beating(self) -> None:
        """Give signs of life while there is work; an idle worker must show by its tasks that it still gets any."""
        while True:
            if self._lookups or self._calls:
                try:
                    await self._orm.run(partial(heartbeat.record, now=timezone.now()))
                except DATABASE_ERRORS as error:
                    logger.warning("engine.no_sign_of_life error=%s", type(error).__name__)
            await asyncio.sleep(BEAT_SECONDS)

    async def _drain(self, grace_seconds: float) -> None:
        logger.info("engine.draining in_flight=%s", len(self._lookups))
        self._reply(self._calls.keys() - self._lookups.keys(), STOPPING)
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
    """Return this process's engine, made at first use: never before a fork, never shared across one."""
    global _engine  # noqa: PLW0603 - one engine a process is the point
    if _engine is None or _engine.pid != os.getpid():
        _engine = Engine(*configured_sources())
        Finalize(None, _engine.close, exitpriority=1)  # a worker process that ends orderly takes its browser along
    return _engine
