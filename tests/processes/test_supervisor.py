"""The supervisor with small programs of every bad kind, in a process of its own: it takes signals and orphans over."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.processes

DRIVER = """
import os, sys
from vereda.processes.supervisor import KeepsFailingError, Program, StopRequests, Supervisor
flag, grace_seconds, *codes = sys.argv[1:]
until = (lambda: os.path.exists(flag)) if flag else None
requests = StopRequests()
requests.listen()
programs = [Program(f"program-{n}", [sys.executable, "-c", code]) for n, code in enumerate(codes)]
on_death = lambda: print("a death", file=sys.stderr, flush=True)
supervisor = Supervisor(programs, requests, grace_seconds=float(grace_seconds), on_death=on_death)
try:
    supervisor.start()
    while supervisor.watch(until=until):
        print("living", *sorted(supervisor.living()), file=sys.stderr, flush=True)
        os.remove(flag)
        supervisor.restart()
except KeepsFailingError as error:
    sys.exit(f"keeps failing: {error}")
finally:
    supervisor.stop()
"""
POLITE = "import os, signal, sys; sys.stderr.write(f'{os.getpid()}\\n'); signal.pause()"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {POLITE}"
BROKEN = "raise SystemExit(3)"
WITH_HELPER = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {DEAF!r}])
{POLITE}
"""
WITH_ORPHAN = f"""
import os, subprocess, sys
if os.fork() == 0:
    subprocess.Popen([sys.executable, "-c", {DEAF!r}], start_new_session=True)
    os._exit(0)
os.wait()
import signal; signal.pause()
"""

type Supervise = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def supervise() -> Iterator[Supervise]:
    """Start a supervisor for the given program texts; nothing of it outlives the test.

    It says who lives and restarts its programs whenever the file `flag` appears.
    """
    started: list[subprocess.Popen[str]] = []

    def start(*codes: str, grace_seconds: float = 30, flag: Path | str = "") -> subprocess.Popen[str]:
        command = [sys.executable, "-c", DRIVER, str(flag), str(grace_seconds), *codes]
        driver = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        started.append(driver)
        return driver

    yield start
    for driver in started:
        if driver.poll() is None:
            for process in psutil.Process(driver.pid).children(recursive=True):
                process.kill()
            driver.kill()
        driver.communicate()


def next_pid(driver: subprocess.Popen[str]) -> psutil.Process:
    """Wait for a program to say its process id."""
    assert driver.stderr is not None
    return psutil.Process(int(next(line for line in driver.stderr if line.strip().isdigit())))


def wait_gone(*processes: psutil.Process) -> None:
    """Wait until the processes have ended; a zombie has ended, even if its new parent never takes note."""
    for process in processes:
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            try:
                process.wait(timeout=0.05)
            except psutil.TimeoutExpired:
                continue


def living(driver: subprocess.Popen[str]) -> set[int]:
    """Wait for the supervisor to say who lives."""
    assert driver.stderr is not None
    line = next(line for line in driver.stderr if line.startswith("living"))
    return {int(pid) for pid in line.split()[1:]}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_request_to_stop_ends_programs_and_succeeds(supervise: Supervise, number: signal.Signals) -> None:
    driver = supervise(POLITE, POLITE)
    programs = [next_pid(driver), next_pid(driver)]

    driver.send_signal(number)

    assert driver.wait(timeout=20) == 0
    wait_gone(*programs)


def test_a_program_leads_its_own_session_and_so_does_not_get_the_terminals_interrupt(supervise: Supervise) -> None:
    program = next_pid(supervise(POLITE))

    assert os.getsid(program.pid) == program.pid


def test_a_program_that_will_not_stop_is_killed_when_its_time_is_over(supervise: Supervise) -> None:
    driver = supervise(DEAF, grace_seconds=0.2)
    program = next_pid(driver)

    driver.terminate()

    assert driver.wait(timeout=20) == 0
    wait_gone(program)


def test_a_second_request_ends_the_waiting(supervise: Supervise) -> None:
    driver = supervise(DEAF, POLITE, grace_seconds=600)
    programs = [next_pid(driver), next_pid(driver)]
    polite = next(program for program in programs if program.cmdline()[-1] == POLITE)

    driver.send_signal(signal.SIGINT)
    wait_gone(polite)
    driver.send_signal(signal.SIGINT)

    assert driver.wait(timeout=20) == 0
    wait_gone(*programs)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a supervisor inherit orphans")
def test_an_orphan_in_a_session_of_its_own_is_ended_too(supervise: Supervise) -> None:
    driver = supervise(WITH_ORPHAN)
    orphan = next_pid(driver)

    driver.terminate()

    assert driver.wait(timeout=20) == 0
    wait_gone(orphan)


def test_a_program_that_dies_is_started_again_without_its_old_helpers(supervise: Supervise) -> None:
    driver = supervise(WITH_HELPER)
    first = {next_pid(driver), next_pid(driver)}

    next(process for process in first if os.getsid(process.pid) == process.pid).kill()
    wait_gone(*first)
    second = {next_pid(driver), next_pid(driver)}
    driver.terminate()

    assert driver.wait(timeout=20) == 0
    wait_gone(*second)


def test_a_program_that_dies_at_once_three_times_ends_all_with_its_name(supervise: Supervise) -> None:
    driver = supervise(BROKEN, POLITE)

    _, output = driver.communicate(timeout=30)

    assert driver.returncode == 1
    assert output.count("starting it again") == 2
    assert output.count("a death") == 3
    assert "keeps failing: program-0" in output
    assert not psutil.pid_exists(int(next(line for line in output.splitlines() if line.isdigit())))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_programs_stop_when_the_supervisor_is_killed(supervise: Supervise) -> None:
    driver = supervise(POLITE, POLITE)
    programs = [next_pid(driver), next_pid(driver)]

    driver.kill()

    wait_gone(*programs)


def test_programs_that_hang_are_killed_with_all_that_they_started_and_start_again(
    supervise: Supervise, tmp_path: Path
) -> None:
    flag = tmp_path / "restart"
    driver = supervise(WITH_HELPER, DEAF, flag=flag)
    first = {next_pid(driver) for _ in range(3)}

    flag.touch()

    second = {next_pid(driver) for _ in range(3)}
    wait_gone(*first)
    assert not {process.pid for process in first} & {process.pid for process in second}
    for process in second:
        process.kill()
    driver.terminate()
    assert driver.wait(timeout=20) == 0


def test_to_be_restarted_is_not_to_have_failed(supervise: Supervise, tmp_path: Path) -> None:
    flag = tmp_path / "restart"
    driver = supervise(POLITE, flag=flag)
    for _ in range(4):
        next_pid(driver)
        flag.touch()
    program = next_pid(driver)

    driver.terminate()

    _, output = driver.communicate(timeout=20)
    assert driver.returncode == 0
    assert "starting it again" not in output
    wait_gone(program)


def test_a_program_that_hung_dies_and_is_started_again_as_before(supervise: Supervise, tmp_path: Path) -> None:
    flag = tmp_path / "restart"
    driver = supervise(POLITE, flag=flag)
    next_pid(driver)
    flag.touch()
    restarted = next_pid(driver)

    restarted.kill()

    third = next_pid(driver)
    driver.terminate()
    assert driver.wait(timeout=20) == 0
    wait_gone(third)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a supervisor inherit orphans")
def test_all_that_was_started_and_lives_is_known_orphans_and_helpers_too(supervise: Supervise, tmp_path: Path) -> None:
    flag = tmp_path / "restart"
    driver = supervise(WITH_HELPER, WITH_ORPHAN, flag=flag)
    known = {next_pid(driver).pid for _ in range(3)}

    flag.touch()

    assert known < living(driver)


def test_what_has_died_is_not_among_the_living(supervise: Supervise, tmp_path: Path) -> None:
    flag = tmp_path / "restart"
    driver = supervise(WITH_HELPER, flag=flag)
    pids = [next_pid(driver), next_pid(driver)]
    helper = next(process for process in pids if os.getsid(process.pid) != process.pid)
    helper.kill()
    wait_gone(helper)

    flag.touch()

    assert living(driver) == {process.pid for process in pids} - {helper.pid}


WITH_HANDLE = """
import os, sys
from vereda.processes.supervisor import Program, StopRequests, Supervisor
read_end, write_end = os.pipe()
code = f"import os, sys; sys.exit(os.read({read_end}, 9) != b'')"  # ends well once the pipe ends
program = Program("heir", [sys.executable, "-c", f"import sys; sys.stderr.write('begun'); {code}"], handles=(read_end,))
supervisor = Supervisor([program], StopRequests(), grace_seconds=30)
supervisor.start()
assert not supervisor.watch(seconds=1)
assert len(supervisor.living()) == 1, "it did not wait for the pipe"
os.close(write_end)
assert supervisor.watch(until=lambda: not supervisor.living(), seconds=10), "it has not seen the pipe end"
supervisor.stop()
"""


def test_a_program_inherits_the_open_files_that_it_is_given_and_no_others() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITH_HANDLE], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("begun")
