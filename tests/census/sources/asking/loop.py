"""An event loop for tests, on a thread of its own: the main thread's may be taken by another plugin."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any


class LoopThread:
    """Runs coroutines one after the other on the same loop, so that a browser can live from test to test."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-loop", daemon=True)
        self._thread.start()

    def run[T](self, work: Coroutine[Any, Any, T], *, seconds: float = 60.0) -> T:
        """Return what the coroutine returns; cancels it after so many seconds."""
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, seconds), self._loop).result()

    def stop(self) -> None:
        """End the loop; what still runs there is cancelled first."""
        self.run(_cancel_the_rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()


async def _cancel_the_rest() -> None:
    waiting = asyncio.current_task()
    rest = [task for task in asyncio.all_tasks() if task is not waiting]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
