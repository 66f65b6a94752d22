"""What happened at the site, in order, for whoever measures the product from the other side."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, overload

type Kind = Literal["page", "consulta", "captcha_task", "captcha_result", "captcha_report"]

LONGEST = 100_000
"""Entries kept; a practice site that runs for months forgets the oldest."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `at` is in seconds of the site's clock (`time.monotonic` unless a test gave another).

    `cedula_end` holds the last four digits of the cédula in a "consulta" and nothing elsewhere; `detail` says what
    came of a captcha poll ("processing", "ready" or an error code) or of a report ("correct", "incorrect"), and
    "verifik" in a "consulta" that came that way instead of through a page.
    """

    kind: Kind
    at: float
    cedula_end: str = ""
    detail: str = ""


class Journal(Sequence[Entry]):
    """The entries so far. Written by the site's thread, safe to read from any other."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=LONGEST)
        self._changed = threading.Condition()

    def write(self, kind: Kind, *, cedula: str = "", detail: str = "") -> None:
        """Note an event that happens now. Of the cédula only the last four digits are kept."""
        with self._changed:
            self._entries.append(Entry(kind, self._clock(), cedula[-4:], detail))
            self._changed.notify_all()

    def of(self, kind: Kind) -> list[Entry]:
        """Return the entries of one kind, oldest first."""
        return [entry for entry in self._copy() if entry.kind == kind]

    def wait_for(self, kind: Kind, *, count: int = 1, timeout: float = 10.0) -> list[Entry]:
        """Return the entries of one kind as soon as there are `count`; raises `TimeoutError` after so many seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._count(kind) >= count, timeout):
                raise TimeoutError(f"{self._count(kind)} of {count} entries {kind!r} after {timeout} s")
        return self.of(kind)

    def clear(self) -> None:
        """Forget everything so far."""
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
