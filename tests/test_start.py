"""`./manage start` as people run it: real processes on free ports, with a database and a folder of the test's own."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
from django.contrib.staticfiles.finders import get_finder
from django.core.management import CommandError, call_command

from tests.databases import Databases
from vereda.census.management.commands import start
from vereda.processes.ports import free_port

ROOT = Path(__file__).resolve().parent.parent


class Product(NamedTuple):
    """A running product: the supervisor, what it said up to "Ctrl-C para detener.", and where its web answers."""

    process: subprocess.Popen[str]
    said: str
    port: int


type Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Variables of a product whose database is in the test's folder, which also tells its processes from all others."""
    return {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path}/vereda.sqlite3",
        "REDIS_URL": "",
        "VEREDA_TEST": str(tmp_path),
    }


@pytest.fixture
def started_before(environment: dict[str, str], tmp_path: Path, databases: Databases) -> None:
    """The demo's people are in the database, so that a start takes seconds."""
    databases.copy_demo(tmp_path / "vereda.sqlite3")


@pytest.fixture
def start_product(environment: dict[str, str]) -> Iterator[Start]:
    """Start the product with the given arguments; nothing of it outlives the test."""

    with ExitStack() as stack:

        def begin(*arguments: str) -> subprocess.Popen[str]:
            command = [sys.executable, "manage.py", "start", *arguments]
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
            return stack.enter_context(process)

        yield begin
        for process in processes_of(environment):
            with suppress(psutil.NoSuchProcess):  # gone since it was listed
                process.kill()


@pytest.fixture
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody said where the practice site is."""
    monkeypatch.delenv("CENSUS_URL", raising=False)
    monkeypatch.delenv("TWOCAPTCHA_URL", raising=False)


@pytest.fixture
def product(start_product: Start) -> Product:
    """A product that is ready, on ports of its own."""
    port = free_port()
    process = start_product("--port", str(port), "--practice-port", str(free_port()))
    return Product(process, read_announcement(process), port)


def read_announcement(process: subprocess.Popen[str]) -> str:
    """Wait for the product to say that it is ready."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            return "".join(lines)
    raise AssertionError(f"the product ended before it was ready, with status {process.wait()}")


def processes_of(environment: dict[str, str]) -> list[psutil.Process]:
    """Find the living processes that run with the test's own environment, whoever their parent is by now."""
    mark = environment["VEREDA_TEST"]
    return [process for process in psutil.process_iter() if mark == variable(process, "VEREDA_TEST")]


def variable(process: psutil.Process, name: str) -> str | None:
    """Return a variable of a process; zombies and processes of others have none."""
    try:
        return process.environ().get(name)
    except psutil.Error:
        return None


def command_line(process: psutil.Process) -> str:
    """Return a process's command line, or nothing when it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process runs; a zombie does not, even if its new parent never takes note."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(holds: Callable[[], bool], seconds: float = 120) -> None:
    """Look again and again until it holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def names(environment: dict[str, str]) -> str:
    """Return the command lines of all living processes of the product."""
    return "\n".join(filter(None, (command_line(process) for process in processes_of(environment))))


@pytest.mark.processes
def test_it_says_where_it_is_and_how_to_log_in(product: Product) -> None:
    with closing(http.client.HTTPConnection(start.HOST, product.port, timeout=20)) as connection:
        connection.request("GET", "/salud/")
        assert isinstance(json.loads(connection.getresponse().read()), dict)

    assert f"http://127.0.0.1:{product.port}/" in product.said
    for login in start.LOGINS:
        assert f"{login.cedula}  clave {login.password}" in product.said


@pytest.mark.processes
@pytest.mark.usefixtures("started_before")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_of_it(product: Product, environment: dict[str, str], number: signal.Signals) -> None:
    wait_until(
        lambda: all(name in names(environment) for name in ("gunicorn", "worker", "practice", "--user-data-dir"))
    )
    family = psutil.Process(product.process.pid).children(recursive=True)

    product.process.send_signal(number)

    assert product.process.wait(timeout=30) == 0
    assert [process for process in family if process.is_running()] == []
    assert processes_of(environment) == []


@pytest.mark.processes
@pytest.mark.usefixtures("started_before")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_nothing_lives_on_when_the_supervisor_is_killed(product: Product, environment: dict[str, str]) -> None:
    wait_until(lambda: "--user-data-dir" in names(environment))
    family = psutil.Process(product.process.pid).children(recursive=True)

    product.process.kill()

    wait_until(lambda: processes_of(environment) == [] and not any(map(is_alive, family)))


@pytest.mark.processes
@pytest.mark.usefixtures("started_before")
def test_it_carries_on_when_the_terminal_is_gone(start_product: Start, environment: dict[str, str]) -> None:
    process = start_product("--port", str(free_port()), "--practice-port", str(free_port()))
    assert process.stdout is not None
    process.stdout.close()
    wait_until(lambda: "--user-data-dir" in names(environment))

    process.terminate()

    assert process.wait(timeout=30) == 0


def start_in_vain(environment: dict[str, str], *arguments: str) -> str:
    """Run a start that fails and return all that it said, which must be an error."""
    command = [sys.executable, "manage.py", "start", *arguments]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stdout == ""
    assert processes_of(environment) == []
    return result.stderr


def test_a_busy_port_is_said_in_one_sentence_before_anything_starts(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with socket.create_server((start.HOST, 0)) as other:
        port = other.getsockname()[1]
        said = start_in_vain(environment, "--port", str(port))

    assert said == f"CommandError: El puerto {port} está ocupado o no se puede usar: elija otro con ./run --port N.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_is_said_in_one_sentence(environment: dict[str, str]) -> None:
    environment["DATABASE_URL"] = f"postgres://nobody@127.0.0.1:{free_port()}/nothing"

    said = start_in_vain(environment, "--port", str(free_port()))

    assert "CommandError: La base de datos no responde" in said
    assert "Traceback" not in said


@pytest.mark.processes
@pytest.mark.usefixtures("started_before")
def test_a_program_that_cannot_start_is_named(environment: dict[str, str]) -> None:
    environment["GUNICORN_CMD_ARGS"] = "--no-such-option"

    said = start_in_vain(environment, "--port", str(free_port()), "--practice-port", str(free_port()))

    assert said.endswith("CommandError: «web» se cierra apenas empieza: vea los mensajes de arriba.\n")


@pytest.mark.parametrize("text", ["0", "65536", "-1", "8000x", "٨٠٠٠"])
def test_a_port_must_be_a_port(text: str) -> None:
    with pytest.raises(CommandError, match=f"«{text}» no es un puerto"):
        call_command("start", "--port", text)


@pytest.mark.parametrize("configured", ["CENSUS_URL", "TWOCAPTCHA_URL"])
def test_a_busy_practice_port_is_left_to_who_configured_it(monkeypatch: pytest.MonkeyPatch, configured: str) -> None:
    monkeypatch.setenv(configured, "http://127.0.0.1:8800/")
    with socket.create_server((start.HOST, 0)) as other:
        assert start.choose_practice_port(other.getsockname()[1]) is None


def test_a_busy_practice_port_is_exchanged_and_the_programs_are_told(unconfigured: None) -> None:
    with socket.create_server((start.HOST, 0)) as other:
        busy = other.getsockname()[1]
        port = start.choose_practice_port(busy)

    assert port not in {None, busy}
    practice, *others = start.programs(8000, port)
    assert str(port) in practice.command
    assert [program.variables for program in others] == [
        {"CENSUS_URL": f"http://127.0.0.1:{port}/censo/consultar/"}
    ] * 2


def test_a_practice_port_that_was_exchanged_is_told_at_the_practice_sources_place(
    unconfigured: None, settings: Any
) -> None:
    settings.CENSUS_SOURCE = ["verifik", "practice"]

    (*_, worker) = start.programs(8000, 8801)
    assert worker.variables == {"CENSUS_URL": ",http://127.0.0.1:8801/censo/consultar/"}


def test_on_its_usual_port_the_practice_site_needs_no_variables(unconfigured: None) -> None:
    assert [program.variables for program in start.programs(8000, start.PRACTICE_PORT)] == [{}, {}, {}]


def test_another_source_needs_no_practice_site(settings: Any) -> None:
    settings.CENSUS_SOURCE = ["registraduria"]

    assert start.choose_practice_port(free_port()) is None
    assert [program.name for program in start.programs(8000, None)] == ["web", "worker"]


@pytest.mark.django_db
def test_only_logins_that_exist_are_announced() -> None:
    assert "clave" not in start.announcement(8000, None)


def test_static_files_are_collected_again_only_when_one_changed(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_text("a {}")
    settings.STATICFILES_DIRS, settings.STATIC_ROOT = [source], tmp_path / "static"
    get_finder.cache_clear()
    start.collect_static_files()
    (tmp_path / "static" / "a.css").unlink()

    start.collect_static_files()
    assert not (tmp_path / "static" / "a.css").exists()

    (source / "a.css").write_text("a { color: red }")
    start.collect_static_files()
    assert (tmp_path / "static" / "a.css").read_text() == "a { color: red }"
    get_finder.cache_clear()
