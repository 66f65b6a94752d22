"""How a worker learns that it is to stop: the end of a pipe that its watchdog holds, which every fork inherits.

Django-Q2 tells its workers to stop only between two tasks, and a task may stay with its person for long. The watchdog
closes its end of the pipe when it stops, and the kernel does so when the watchdog is killed.
"""

import asyncio
import os
from collections.abc import Callable

VARIABLE = "VEREDA_LIFELINE"


def variable(read_end: int, grace_seconds: float) -> dict[str, str]:
    """Return what a program is started with that inherits the read end: it, and the seconds it has from then on."""
    return {VARIABLE: f"{read_end}:{grace_seconds:g}"}


def watch(loop: asyncio.AbstractEventLoop, stop: Callable[[float], None]) -> None:
    """Call `stop` with the seconds of grace when the pipe ends. Does nothing in a process that has no watchdog."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        return
    read_end, grace_seconds = text.split(":")

    def ended() -> None:
        loop.remove_reader(int(read_end))
        stop(float(grace_seconds))

    loop.add_reader(int(read_end), ended)
