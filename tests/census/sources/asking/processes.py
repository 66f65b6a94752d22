"""The browsers that run on behalf of this test process."""

import os
import signal
import time
from contextlib import suppress

import psutil


def chromiums(below: int | None = None) -> set[int]:
    """Return the pids of the browsers started from here, or below a process, without their helper processes."""
    return {
        pid
        for pid, command in _commands(below).items()
        if "--remote-debugging-pipe" in command and not _is_helper(command)
    }


def drivers() -> set[int]:
    """Return the pids of Playwright's drivers started from here."""
    return {pid for pid, command in _commands().items() if "run-driver" in command}


def kill(pids: set[int]) -> None:
    """End the one process in the set without asking it."""
    (pid,) = pids
    os.kill(pid, signal.SIGKILL)


def wait_until_gone(pids: set[int], *, seconds: float = 10.0) -> None:
    """Wait for the processes to end. Raises `AssertionError` when one of them does not."""
    end = time.monotonic() + seconds
    while alive := {pid for pid in pids if _is_alive(pid)}:
        assert time.monotonic() < end, f"still alive: {alive}"
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _commands(below: int | None = None) -> dict[int, list[str]]:
    found = {}
    for process in psutil.Process(below).children(recursive=True):
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = process.cmdline()
    return found


def _is_helper(command: list[str]) -> bool:
    return any(argument.startswith("--type=") for argument in command)
