"""Several threads at once, each with a database connection of its own, as several workers have."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection


def at_once[T](count: int, work: Callable[[], T]) -> list[T]:
    """Have so many threads do the work at the same moment, and return what each got. Raises what one of them raises."""
    together = threading.Barrier(count)

    def run() -> T:
        try:
            connection.ensure_connection()
            together.wait(timeout=30)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return [done.result() for done in [pool.submit(run) for _ in range(count)]]
