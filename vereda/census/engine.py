"""The worker's side of a lookup: its browser, its event loop, and the ORM work that a lookup needs.

A worker process has one engine, made at its first lookup and therefore after Django-Q2's fork. The source lives on an
event loop in a daemon thread; the ORM stays on the task's own thread. What a lookup needs from the database meanwhile
(a slot of the pace) travels to that thread as an errand, and its answer travels back.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from multiprocessing.util import Finalize
from queue import SimpleQueue
from typing import Any

from django.conf import settings
from django.utils import timezone

from vereda.census import actions, pace
from vereda.census.sources.build import build_source
from vereda.census.sources.config import SourceConfig
from vereda.census.sources.port import LookupHooks, Outcome, Source

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 10
TASK_SECONDS = 112
"""What a task has from its claim on: the queue ends it at 120 s, and the outcome is still to be stored."""


FAULT_DELAY = timedelta(minutes=1)


class BrokenLookupError(Exception):
    """A fault of ours, neither the site's nor the person's; the message names it for operators."""

    def __init__(self, detail: str, spend: actions.CaptchaSpend | None) -> None:
        super().__init__(detail)
        self.spend = spend


class NoSlotError(Exception):
    """The next free slot of the pace is too far away to wait for it in a worker."""


def configuration() -> SourceConfig:
    """Return what the settings say of the source."""
    return SourceConfig(
        name=settings.CENSUS_SOURCE,
        url=settings.CENSUS_URL,
        timeout_seconds=settings.CENSUS_TIMEOUT_SECONDS,
        captcha_solver=settings.CAPTCHA_SOLVER,
        captcha_key=settings.TWOCAPTCHA_API_KEY,
        captcha_url=settings.TWOCAPTCHA_URL,
        captcha_poll_seconds=settings.TWOCAPTCHA_POLL_SECONDS,
        browser_executable=settings.BROWSER_EXECUTABLE,
        browser_headless=settings.BROWSER_HEADLESS,
    )


def configured_source() -> Source:
    """Return the source that the settings name. Raises ValueError for a name nobody knows."""
    return build_source(configuration())


type Errand = Callable[[], Any]


class Desk:
    """Where a lookup on the event loop hands errands to the thread that waits for it, which may use the ORM."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._errands: SimpleQueue[tuple[Errand, asyncio.Future[Any]] | None] = SimpleQueue()

    async def ask(self, errand: Errand) -> Any:
        """Have the errand run on the serving thread and return what it returns. Called on the event loop."""
        reply = self._loop.create_future()
        self._errands.put((errand, reply))
        return await reply

    def serve(self) -> None:
        """Run errands until `close` is called. Called on the thread that may use the ORM."""
        while (item := self._errands.get()) is not None:
            errand, reply = item
            try:
                result = errand()
            except Exception as error:  # noqa: BLE001 - it belongs to the lookup, which gets it raised there
                self._loop.call_soon_threadsafe(_settle, reply, None, error)
            else:
                self._loop.call_soon_threadsafe(_settle, reply, result, None)

    def close(self) -> None:
        """End `serve`, after the errands already handed in. Safe from any thread."""
        self._errands.put(None)


def _settle(reply: asyncio.Future[Any], result: object, error: Exception | None) -> None:
    """Give an errand's result to whoever still waits for it."""
    if reply.done():
        return
    if error is not None:
        reply.set_exception(error)
    else:
        reply.set_result(result)


class EngineHooks(LookupHooks):
    """Paces a lookup through the database and keeps what its captcha took."""

    def __init__(self, source: str, desk: Desk) -> None:
        self._source = source
        self._desk = desk
        self._latest_start = time.monotonic() + TASK_SECONDS - settings.CENSUS_TIMEOUT_SECONDS
        self.spend: actions.CaptchaSpend | None = None

    async def before_open(self) -> None:
        """Wait for a slot of the pace; who wakes late takes a new one.

        Lateness counts from before the question, since nobody knows when in between the database answered. Raises
        `NoSlotError` when the slot is too far away for a whole lookup to fit into the task's time.
        """
        reserve = partial(pace.reserve, self._source, settings.CENSUS_PACE_SECONDS)
        while True:
            asked = time.monotonic()
            seconds: float | None = await self._desk.ask(reserve)
            if seconds is None or time.monotonic() + seconds > self._latest_start:
                raise NoSlotError
            await asyncio.sleep(seconds)
            if time.monotonic() - asked - seconds <= pace.MARGIN_SECONDS:
                return

    async def captcha_started(self, task_id: str) -> None:
        """Note that a captcha is being waited for."""
        self.spend = actions.CaptchaSpend()

    async def captcha_solved(self, seconds: float, cost: Decimal) -> None:
        """Keep what the captcha took."""
        self.spend = replace(self.spend or actions.CaptchaSpend(), seconds=seconds, cost=cost)


class Engine:
    """Looks people up through one source, on an event loop of its own."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="census-loop", daemon=True)
        self._thread.start()

    def look_up(self, user_id: int) -> str:
        """See that a person is looked up: claim, ask, store. Returns what happened, for the queue's own record."""
        claimed = actions.claim(user_id=user_id, now=timezone.now())
        if claimed is None:
            return "nothing due"
        try:
            outcome, spend = self._ask(claimed.cedula)
        except NoSlotError:
            now = timezone.now()
            actions.release(claimed=claimed, source=self.source.name, now=now, next_at=now + pace.HORIZON)
            return "no slot soon"
        except BrokenLookupError as error:
            actions.record_interruption(
                claimed=claimed,
                source=self.source.name,
                now=timezone.now(),
                detail=str(error),
                delay=FAULT_DELAY,
                spend=error.spend,
            )
            return "broken"
        is_stored = actions.record_outcome(
            claimed=claimed, outcome=outcome, source=self.source.name, now=timezone.now(), spend=spend
        )
        logger.info("lookup.ended record=%s outcome=%s stored=%s", claimed.record_id, outcome.status, is_stored)
        return outcome.status if is_stored else "claim lost"

    def _ask(self, cedula: str) -> tuple[Outcome, actions.CaptchaSpend | None]:
        """Run one lookup on the loop while serving its errands here. Raises `NoSlotError` and `BrokenLookupError`."""
        desk = Desk(self._loop)
        hooks = EngineHooks(self.source.name, desk)
        lookup = asyncio.run_coroutine_threadsafe(self.source.lookup(cedula, hooks), self._loop)
        lookup.add_done_callback(lambda _: desk.close())
        try:
            desk.serve()
            return lookup.result(), hooks.spend
        except NoSlotError:
            raise
        except Exception as error:
            logger.exception("lookup.broken")
            raise BrokenLookupError(type(error).__name__, hooks.spend) from None
        except BaseException:  # the queue's own time limit raises SystemExit here
            lookup.cancel()
            raise

    def close(self) -> None:
        """Close the source and end the loop; a source that does not close in time goes with the process."""
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self.source.close(), self._loop).result(timeout=CLOSE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=CLOSE_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()


_engine: Engine | None = None


def current() -> Engine:
    """Return this process's engine, made at first use: never before a fork, never shared across one."""
    global _engine  # noqa: PLW0603 - one engine a process is the point
    if _engine is None or _engine.pid != os.getpid():
        _engine = Engine(configured_source())
        Finalize(None, _engine.close, exitpriority=1)  # a worker process that ends orderly takes its browser along
    return _engine
