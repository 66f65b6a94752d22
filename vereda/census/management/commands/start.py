"""`./manage start`: the whole product on the embedded default, which is what `./run` ends in.

Prepares the database and the static files, then hands three programs to the supervisor: the web server, the worker
and, when it is the source of answers, the practice Registraduría.
"""

import argparse
import fcntl
import hashlib
import http.client
import os
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connections

from vereda.census.demo import LOGINS
from vereda.processes.ports import HOST, free_port, is_free
from vereda.processes.supervisor import KeepsFailingError, Program, StopRequests, Supervisor

PRACTICE_PORT = 8800
READY_SECONDS = 120
GRACE_SECONDS = "5"
"""How long lookups in flight may go on: whoever presses Ctrl-C does not want to wait."""


def port_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"«{text}» no es un puerto: debe ser un número entre 1 y 65535.")
    return int(text)


class Command(BaseCommand):
    help = "Prepare and run the whole product: web, worker and practice Registraduría. Ctrl-C stops all of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=port_number, default=8000, help="port of the web pages")
        parser.add_argument("--practice-port", type=port_number, default=PRACTICE_PORT)

    def handle(self, *, port: int, practice_port: int, **_: Any) -> None:
        if not is_free(port):
            raise CommandError(f"El puerto {port} está ocupado o no se puede usar: elija otro con ./run --port N.")
        requests = StopRequests()
        requests.listen()
        prepare_database()
        collect_static_files()
        if not requests.count:
            self.supervise(port, choose_practice_port(practice_port), requests)

    def supervise(self, port: int, practice_port: int | None, requests: StopRequests) -> None:
        """Run the programs until a stop is asked for. Raises CommandError when they do not come up or keep dying."""
        ports = [port] if practice_port is None else [port, practice_port]
        supervisor = Supervisor(programs(port, practice_port), requests)
        try:
            supervisor.start()
            if supervisor.watch(until=lambda: all(map(is_answering, ports)), seconds=READY_SECONDS):
                self.say(announcement(port, practice_port))
                supervisor.watch()
                self.say("  Deteniendo…")
            elif not requests.count:
                raise CommandError(f"Vereda no respondió en {READY_SECONDS} segundos: vea los mensajes de arriba.")
        except KeepsFailingError as error:
            raise CommandError(f"«{error}» se cierra apenas empieza: vea los mensajes de arriba.") from error
        finally:
            supervisor.stop()

    def say(self, text: str) -> None:
        """Write to the terminal, and go on when it is closed (`./run | head`)."""
        try:
            self.stdout.write(text)
            self.stdout.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def prepare_database() -> None:
    """Migrate the database, and fill it with demo data when it is empty."""
    try:
        call_command("migrate", interactive=False, verbosity=0)
        if "practice" in settings.CENSUS_SOURCE and not get_user_model().objects.exists():
            call_command("demo", stdout=StringIO())  # its logins are announced when they can be used
    except OperationalError as error:
        raise CommandError(f"La base de datos no responde: {error}") from error
    finally:
        connections.close_all()


def collect_static_files() -> None:
    """Run collectstatic, if a file has changed since the last time."""
    stamp = Path(f"{settings.STATIC_ROOT}.stamp")
    with Path(f"{settings.STATIC_ROOT}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fingerprint = static_fingerprint()
        if stamp.exists() and stamp.read_text() == fingerprint and Path(settings.STATIC_ROOT).is_dir():
            return
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(fingerprint)


def static_fingerprint() -> str:
    """Return a hash of every static file's path, size and time, and of the storage settings."""
    lines = sorted(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in static_sources())
    return hashlib.sha256("\n".join([repr(settings.STORAGES), *lines]).encode()).hexdigest()


def static_sources() -> Iterator[Path]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            yield Path(storage.path(name))


def choose_practice_port(wanted: int) -> int | None:
    """Return the practice site's port; None if another source is asked, or an operator runs their own there."""
    if "practice" not in settings.CENSUS_SOURCE:
        return None
    if is_free(wanted):
        return wanted
    return None if is_practice_configured() else free_port()


def is_practice_configured() -> bool:
    """Whether the environment or `.env` says where the practice site is; then its port must not change."""
    return bool(os.environ.get("CENSUS_URL") or os.environ.get("TWOCAPTCHA_URL"))


def programs(port: int, practice_port: int | None) -> list[Program]:
    """The practice site comes first, because the worker needs it."""
    variables = {}
    if practice_port not in {None, PRACTICE_PORT} and not is_practice_configured():
        url = f"http://{HOST}:{practice_port}/censo/consultar/"
        variables["CENSUS_URL"] = ",".join(url if name == "practice" else "" for name in settings.CENSUS_SOURCE)
    web = Program("web", gunicorn(port), variables)
    work = [sys.executable, str(settings.BASE_DIR / "manage.py"), "worker", "--grace", GRACE_SECONDS]
    worker = Program("worker", work, variables)
    if practice_port is None:
        return [web, worker]
    practice = [sys.executable, "-m", "practice", "--port", str(practice_port), "--captcha-seconds", "3"]
    return [Program("practice", practice), web, worker]


def gunicorn(port: int) -> list[str]:
    """Return the web server's command line: one process, because of SQLite; its threads are set in the file."""
    options = {
        "bind": f"{HOST}:{port}",
        "config": str(settings.BASE_DIR / "gunicorn.conf.py"),
        "chdir": str(settings.BASE_DIR),
        "workers": "1",
        "graceful-timeout": "5",
        "log-level": "warning",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "gunicorn", *flags, "--no-control-socket", "vereda.wsgi"]


def is_answering(port: int) -> bool:
    """Whether a server on this machine answers at all, healthy or not."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/salud/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def announcement(port: int, practice_port: int | None) -> str:
    lines = ["", f"  Vereda está lista: http://{HOST}:{port}/"]
    if practice_port is not None:
        lines.append(f"  Registraduría de práctica: http://{HOST}:{practice_port}/")
    if demo := demo_logins():
        lines += ["", "  Para entrar con los datos de prueba (personas inventadas):", *demo]
    return "\n".join([*lines, "", "  Ctrl-C para detener.", ""])


def demo_logins() -> list[str]:
    """Return a line for each demo login that is in the database."""
    known = set(get_user_model().objects.filter(cedula__in=[login.cedula for login in LOGINS]).values_list("cedula"))
    connections.close_all()
    width = max(len(login.label) for login in LOGINS)
    return [
        f"    {login.label:<{width}}  cédula {login.cedula}  clave {login.password}"
        for login in LOGINS
        if (login.cedula,) in known
    ]
