"""Work on a running product's database, done by a process of its own: the tests' own Django has another database."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType
from typing import Self


class Backstage:
    """One process that stays, because starting Django for every few rows would be most of a test's time.

    What it runs stands in `tests/browser/people.py`, which only it may import before Django is ready.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), _set_up, (environment,))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown()

    def run[**P, T](self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function there and return what it returned."""
        return self._pool.submit(function, *args, **kwargs).result(timeout=60)


def _set_up(environment: dict[str, str]) -> None:
    import django  # noqa: PLC0415 - not before the product's settings are those of its environment

    os.environ.update(environment)
    django.setup()
