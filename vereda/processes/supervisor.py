"""Runs a few programs as one: starts them, restarts one that dies, and ends them with everything they ever started.

What belongs here is about processes and signals; which programs those are is the business of `./manage start`.
Three facts shape it:

- Django-Q2's cluster stops cleanly only when its main process alone is asked to (a signal to the group kills a lookup
  half-way and hangs the parent). So each program leads a session of its own, which a terminal's Ctrl-C does not reach.
- A browser leads one more session. So what is left at the end is found by descent, not by group.
- A descendant whose parent died belongs to nobody. Linux lets the supervisor inherit it (`PR_SET_CHILD_SUBREAPER`);
  elsewhere what was seen before stopping is remembered.
"""

import contextlib
import ctypes
import logging
import math
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import psutil

logger = logging.getLogger(__name__)

IS_LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None) if IS_LINUX else None

EARLY_DEATH_SECONDS = 10
EARLY_DEATHS_ALLOWED = 2
TERMINATE_SECONDS = 2


class KeepsFailingError(Exception):
    """A program died three times in a row right after its start; the text is its name."""


class StopRequests:
    """Counts the signals that ask to stop, and wakes a waiting loop for them and for the death of a child."""

    def __init__(self) -> None:
        self.count = 0
        self._reader, self._writer = socket.socketpair()
        self._reader.settimeout(0)
        self._writer.settimeout(0)

    def listen(self) -> None:
        """Take over SIGINT, SIGTERM, SIGHUP and SIGCHLD of this process. Main thread only."""
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._count)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until the next signal."""
        if select.select([self._reader], [], [], seconds)[0]:
            self._reader.recv(1024)

    def _count(self, _number: int, _frame: object) -> None:
        self.count += 1


@dataclass(frozen=True, slots=True)
class Program:
    """What is started: a name for messages, the command line, and variables on top of the environment.

    Its standard error is the supervisor's; its standard output is dropped. `handles` are open files that it inherits.
    """

    name: str
    command: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)
    handles: Sequence[int] = ()


class _Child:
    """One program and the process that runs it just now, if any."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.due_at = 0.0
        self.early_deaths = 0

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603
            self.program.command,
            env={**os.environ, **self.program.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self.program.handles,
            preexec_fn=_end_with(os.getpid()) if IS_LINUX else None,  # noqa: PLW1509 (no threads here)
        )

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def ask_to_end(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def note_death(self) -> None:
        """Set when to start again, later each time. Raises KeepsFailingError after too many early deaths."""
        assert self.process is not None  # noqa: S101
        name, status = self.program.name, self.process.returncode
        is_early = time.monotonic() - self.started_at < EARLY_DEATH_SECONDS
        self.early_deaths = self.early_deaths + 1 if is_early else 0
        self.process = None
        if self.early_deaths > EARLY_DEATHS_ALLOWED:
            raise KeepsFailingError(name)
        logger.warning("program ended by itself, starting it again name=%s status=%s", name, status)
        self.due_at = time.monotonic() + 0.5 * 2**self.early_deaths


class Supervisor:
    """Keeps programs running until it is asked to stop. Use from the main thread of a process without threads.

    `on_death` is called when one has ended by itself.
    """

    def __init__(
        self,
        programs: Iterable[Program],
        requests: StopRequests,
        *,
        grace_seconds: float = 10,
        on_death: Callable[[], None] = lambda: None,
    ) -> None:
        self._children = [_Child(program) for program in programs]
        self._requests = requests
        self._grace_seconds = grace_seconds
        self._on_death = on_death

    def start(self) -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        for child in self._children:
            child.start()

    def watch(self, *, until: Callable[[], bool] | None = None, seconds: float = math.inf) -> bool:
        """Keep the programs running until something holds (True), or until a stop is asked for or time is over (False).

        Raises KeepsFailingError.
        """
        deadline = time.monotonic() + seconds
        while not self._requests.count and time.monotonic() < deadline:
            self._restart_ended()
            if until is not None and until():
                return True
            self._requests.wait(0.5 if until is None else 0.1)
        return False

    def restart(self) -> None:
        """Kill every program with all that it has started, and start them again: for those that hang."""
        for child in self._children:
            if child.process is not None:
                _end_session(child.process.pid)
                child.process.wait()
                child.start()

    def living(self) -> set[int]:
        """Return the process ids of all that was ever started here and still runs."""
        return {process.pid for process in _descendants() if _is_alive(process)}

    def stop(self) -> None:
        """End all programs by SIGTERM within the grace time, then kill what is left.

        The last one started ends first, because it may still need the others: a lookup in flight needs the site that
        it asks. One more request to stop ends the waiting.
        """
        most_requests = self._requests.count + 1
        deadline = time.monotonic() + self._grace_seconds
        running = _descendants()
        for child in reversed(self._children):
            child.ask_to_end()
            self._wait(child.has_ended, deadline, most_requests)
        running.update(_descendants())
        _signal(running, signal.SIGTERM)
        self._wait(lambda: not any(map(_is_alive, running)), time.monotonic() + TERMINATE_SECONDS, most_requests)
        self._kill(running)

    def _kill(self, running: set[psutil.Process]) -> None:
        """Kill until nothing is left: what is killed may have started something in the meantime."""
        for _ in range(50):
            running.update(_descendants())
            if not any(map(_is_alive, running)):
                break
            _signal(running, signal.SIGKILL)
            self._requests.wait(0.05)
            self._reap()

    def _wait(self, is_done: Callable[[], bool], deadline: float, most_requests: int) -> None:
        while not is_done() and time.monotonic() < deadline and self._requests.count < most_requests:
            self._requests.wait(0.05)
            self._reap()

    def _restart_ended(self) -> None:
        for child in self._children:
            if child.process is not None and child.has_ended():
                _end_session(child.process.pid)
                self._on_death()
                child.note_death()
            if child.process is None and time.monotonic() >= child.due_at:
                child.start()
        self._reap()

    def _reap(self) -> None:
        """Reap inherited orphans, or they would stay zombies. Popen reaps our own children."""
        own = {child.process.pid for child in self._children if child.process is not None and not child.has_ended()}
        while IS_LINUX:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None or ended.si_pid in own:
                return
            os.waitpid(ended.si_pid, 0)


def _end_with(parent: int) -> Callable[[], None]:
    """Return what a new process runs before exec: it asks the kernel for SIGTERM when the supervisor dies.

    A supervisor that was killed with SIGKILL can stop nobody, so the kernel does it (Linux only). Only the program's
    main process gets the signal, as on a normal stop. If the supervisor is gone already, it does not even begin.
    """

    def before_exec() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def _descendants() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def _end_session(leader: int) -> None:
    """Kill what an ended program left running: queue processes would go on without their main process."""
    members = [process for process in psutil.process_iter() if _session_of(process.pid) == leader]
    running = set(members)
    for member in members:
        with contextlib.suppress(psutil.NoSuchProcess):
            running.update(member.children(recursive=True))
    _signal(running, signal.SIGKILL)


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
