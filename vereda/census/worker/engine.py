"""The engine of a worker process: several lookups in flight at once, in one browser.

It is made at the process's first task and therefore after Django-Q2's fork. The sources run on an event loop in a
daemon thread, the ORM in another one. One starter has a page made ready, takes a slot for whoever is next, and once the
request was sent it goes on with the next: so the pace is the only limit while up to `CENSUS_IN_FLIGHT` lookups wait for
captchas and replies. Nobody waits in a task: a message only wakes the starter, which also looks by itself.
"""

import asyncio
import logging
import math
import os
import threading
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from multiprocessing.util import Finalize

from django.conf import settings
from django.utils import timezone

from vereda.census import roster
from vereda.census.models import Worker
from vereda.census.sources.build import build_sources
from vereda.census.sources.port import Source
from vereda.census.worker import claims, heartbeat, stopping
from vereda.census.worker.attempt import UNABLE, Attempt
from vereda.census.worker.orm_thread import DATABASE_ERRORS, OrmThread

logger = logging.getLogger(__name__)

IDLE_SECONDS = 5.0
"""How long the starter sleeps at most: a message may be lost, or have gone to a worker that is full."""
TROUBLE_SECONDS = 5.0
UNABLE_SECONDS = 30.0
"""How long a worker asks about nobody after it could not open a page."""
STARTING_SECONDS = 150.0
"""How long the starter may wait until a request is sent: longer than two launches of a browser and a slot far away."""
HEARTBEAT_SECONDS = 5
CLOSE_SECONDS = 10


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
        self._lookups: dict[Attempt, asyncio.Task[str]] = {}
        self._wake = asyncio.Event()
        self._fault = ""
        self._moved_at = self._loop.time()
        self._draining: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="census-loop", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Have the starter look who is due. Returns at once."""
        self._loop.call_soon_threadsafe(self._wake.set)

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

    async def _keep_starting(self) -> None:
        """Start whoever is due: woken by a message or the end of a lookup, and by itself when somebody becomes due."""
        while self._draining is None:
            self._wake.clear()
            self._moved_at = self._loop.time()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(await self._start_next(), IDLE_SECONDS)):
                    await self._wake.wait()

    async def _start_next(self) -> float:
        """Start the lookup of whoever is next; return the seconds until there may be another."""
        try:
            source = await self._orm.run(self._next_turn)
            return await self._start(source) if isinstance(source, str) else source
        except Exception as error:
            if not isinstance(error, DATABASE_ERRORS):
                logger.exception("engine.trouble")
            logger.warning("engine.cannot_start error=%s", type(error).__name__)
            await asyncio.sleep(TROUBLE_SECONDS)
            return 0

    def _next_turn(self) -> str | float:
        if len(self._lookups) >= settings.CENSUS_IN_FLIGHT:
            return math.inf
        return claims.next_turn(sources=self._names, now=timezone.now(), is_alone=not self._lookups)

    async def _start(self, source: str) -> float:
        """Start a lookup, and wait until its request was sent; of one that must run alone, until it ended."""
        attempt = Attempt(self.sources[self._names.index(source) :], self._orm, is_alone=not self._lookups)
        lookup = self._lookups[attempt] = self._loop.create_task(attempt.run())
        lookup.add_done_callback(partial(self._ended, attempt))
        opened = self._loop.create_task(attempt.has_opened.wait())
        await asyncio.wait({lookup, opened}, timeout=STARTING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        if not attempt.has_opened.is_set():
            attempt.give_up()
        elif attempt.must_run_alone:
            await asyncio.wait({lookup})
        is_unable = lookup.done() and lookup.result() == UNABLE
        self._fault = Worker.Fault.NO_BROWSER if is_unable else ""
        if is_unable:
            logger.error("engine.unable_to_open_pages")
            await asyncio.sleep(UNABLE_SECONDS)
        return 0

    def _ended(self, attempt: Attempt, _: asyncio.Task[str]) -> None:
        del self._lookups[attempt]
        self._wake.set()

    async def _keep_recording_heartbeats(self) -> None:
        """Record heartbeats as long as the starter moves: one that is stuck must look dead."""
        while True:
            if self._loop.time() - self._moved_at < STARTING_SECONDS:
                try:
                    await self._orm.run(partial(heartbeat.record, now=timezone.now(), fault=self._fault))
                except DATABASE_ERRORS as error:
                    logger.warning("engine.no_heartbeat error=%s", type(error).__name__)
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _drain(self, grace_seconds: float) -> None:
        logger.info("engine.draining in_flight=%s", len(self._lookups))
        self._wake.set()
        for attempt in list(self._lookups):
            if not attempt.has_opened.is_set():
                attempt.give_up()
        if self._lookups:
            await asyncio.wait(self._lookups.values(), timeout=grace_seconds)
        for attempt in list(self._lookups):
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
