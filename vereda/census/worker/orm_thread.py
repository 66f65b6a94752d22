"""Where lookups on the event loop hand in what needs the database: a thread of its own, the only one that uses the ORM.

A queue's task comes and goes, but a lookup that it began may go on after it: so the ORM's thread is nobody's but the
engine's.
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
"""What a database raises that is busy or out of reach."""

_PAUSES = (0.5, 1, 2, 4, 8)


class OrmThread:
    """Runs work one after the other on a daemon thread, for whoever asks from the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="census-orm", daemon=True)
        self._thread.start()

    async def run[T](self, work: Callable[[], T]) -> T:
        """Have the work run and return what it returns, or raise what it raises."""
        reply: asyncio.Future[T] = self._loop.create_future()

        def run() -> None:
            try:
                close_old_connections()
                result = work()
            except Exception as error:  # noqa: BLE001 - it belongs to the lookup, which gets it raised
                self._tell(reply, reply.set_exception, error)
            else:
                self._tell(reply, reply.set_result, result)

        self._work.put(run)
        return await reply

    async def retry[T](self, work: Callable[[], T], *, seconds: float) -> T:
        """Ask again and again for so many seconds while the database is out of reach or busy; raise its last error."""
        deadline = time.monotonic() + seconds
        for pause in (*_PAUSES, *[_PAUSES[-1]] * 1000):
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

    def _tell[T, V](self, reply: asyncio.Future[T], tell: Callable[[V], None], value: V) -> None:
        """Settle a reply on its loop, unless nobody waits for it any more."""
        self._loop.call_soon_threadsafe(lambda: None if reply.done() else tell(value))
