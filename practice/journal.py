"""The journal: what happened at the site, in order. Tests and measurements read it."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, overload

type Kind = Literal["page", "consulta", "captcha_task", "captcha_result", "captcha_report"]

MAX_ENTRIES = 100_000
"""When there are more, the oldest are dropped."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `at` is in seconds of the site's clock (`time.monotonic` unless a test gave another).

    `cedula_end`: in a "consulta", the last four digits of the cédula.
    `detail`: in a "captcha_task", the task's id; in a "captcha_result", "processing", "ready" or an error code; in a
    "captcha_report", "correct" or "incorrect"; in a "consulta", "verifik" if it did not come through a page.
    """

    kind: Kind
    at: float
    cedula_end: str = ""
    detail: str = ""


class Journal(Sequence[Entry]):
    """The entries so far. The site's thread writes them; every other thread may read them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self._changed = threading.Condition()

    def write(self, kind: Kind, *, cedula: str = "", detail: str = "") -> None:
        """Add an event that happens now. Only the last four digits of the cédula are kept."""
        with self._changed:
            self._entries.append(Entry(kind, self._clock(), cedula[-4:], detail))
            self._changed.notify_all()

    def of(self, kind: Kind) -> list[Entry]:
        return [entry for entry in self._copy() if entry.kind == kind]

    def wait_for(self, kind: Kind, *, count: int = 1, timeout: float = 10.0) -> list[Entry]:
        """Return the entries of one kind once there are `count`. Raises `TimeoutError` after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._count(kind) >= count, timeout):
                raise TimeoutError(f"{self._count(kind)} of {count} entries {kind!r} after {timeout} s")
        return self.of(kind)

    def clear(self) -> None:
        with self._changed:
            self._entries.clear()

    def _count(self, kind: Kind) -> int:
        return sum(entry.kind == kind for entry in self._entries)

    def _copy(self) -> list[Entry]:
        with self._changed:
            return list(self._entries)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        return self._copy()[index]

    def __len__(self) -> int:
        return len(self._copy())
