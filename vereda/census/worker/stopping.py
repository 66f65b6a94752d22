"""How a worker learns that it must stop: its watchdog closes a pipe whose read end every fork inherits.

Django-Q2 stops its workers only between two tasks, and a task may wait long for its lookup. The watchdog closes its end
of the pipe when it stops, and the kernel does so when the watchdog is killed.
"""

import asyncio
import os
from collections.abc import Callable

VARIABLE = "VEREDA_STOP_PIPE"


def variable(read_end: int, grace_seconds: float) -> dict[str, str]:
    """Return the environment of a program that inherits the read end; `grace_seconds` run from the pipe's end."""
    return {VARIABLE: f"{read_end}:{grace_seconds:g}"}


def watch(loop: asyncio.AbstractEventLoop, stop: Callable[[float], None]) -> None:
    """Call `stop` with the seconds of grace when the pipe ends. Does nothing in a process without a watchdog."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        return
    read_end, grace_seconds = text.split(":")

    def ended() -> None:
        loop.remove_reader(int(read_end))
        stop(float(grace_seconds))

    loop.add_reader(int(read_end), ended)
