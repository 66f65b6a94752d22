"""The one thread of an engine that uses the ORM; lookups on the event loop send it their work.

It is not a task's thread: a lookup may go on after the task that began it.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from django.db import DatabaseError, InterfaceError, close_old_connections, connections

logger = logging.getLogger(__name__)

DATABASE_ERRORS = (DatabaseError, InterfaceError)
"""What a busy or unreachable database raises."""

_BACKOFF = (0.5, 1, 2, 4, 8)


class OrmThread:
    """Runs work for the event loop, one after the other, on a daemon thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="census-orm", daemon=True)
        self._thread.start()

    async def run[T](self, work: Callable[[], T]) -> T:
        """Return what the work returns, or raise what it raises."""
        reply: asyncio.Future[T] = self._loop.create_future()

        def run() -> None:
            try:
                close_old_connections()
                result = work()
            except Exception as error:  # noqa: BLE001 - it belongs to the lookup, which gets it raised
                self._settle(reply, reply.set_exception, error)
            else:
                self._settle(reply, reply.set_result, result)

        self._work.put(run)
        return await reply

    async def retry[T](self, work: Callable[[], T], *, seconds: float) -> T:
        """Run the work again, with backoff, while the database is unreachable or busy; after so many seconds raise."""
        deadline = time.monotonic() + seconds
        for pause in (*_BACKOFF, *[_BACKOFF[-1]] * 1000):
            try:
                return await self.run(work)
            except DATABASE_ERRORS as error:
                if time.monotonic() + pause > deadline:
                    raise
                logger.warning("orm.database_error error=%s", type(error).__name__)
                await asyncio.sleep(pause)
        raise AssertionError("unreachable: the last pause lies beyond every deadline")

    def close(self, seconds: float) -> None:
        """End the thread after the work already handed in, waiting so many seconds for it."""
        self._work.put(None)
        self._thread.join(seconds)

    def _serve(self) -> None:
        while (run := self._work.get()) is not None:
            run()
        connections.close_all()

    def _settle[T, V](self, reply: asyncio.Future[T], settle: Callable[[V], None], value: V) -> None:
        """Set the reply on its loop, unless it was cancelled."""
        self._loop.call_soon_threadsafe(lambda: None if reply.done() else settle(value))
