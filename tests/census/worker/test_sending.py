"""Messages that really go over the network, to a server of the test's own."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests import make
from tests.stack import ROOT
from vereda.census import gate
from vereda.census.models import Alert, CedulaInfo, Worker
from vereda.census.worker import alert_timer, heartbeat, sending
from vereda.census.worker.alert_timer import AlertTimer


class Inbox(ThreadingHTTPServer):
    """Takes messages as JSON; may refuse them, or never answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.bodies: list[dict[str, Any]] = []
        self.status = 200
        self.hangs = False
        self.released = threading.Event()

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.server_port}/avisos"


class _Taking(BaseHTTPRequestHandler):
    server: Inbox

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        while self.server.hangs and not self.server.released.wait(0.2):
            self.wfile.write(b"H")  # one byte now and then: no timeout of a read notices
        self.server.bodies.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as inbox:
        threading.Thread(target=inbox.serve_forever, daemon=True).start()
        yield inbox
        inbox.released.set()
        inbox.shutdown()


def test_a_message_arrives_with_its_accents(inbox: Inbox) -> None:
    assert sending.send([inbox.address], "Título", "Qué pasó: ñ\n\nQué hacer") == {inbox.address}

    (body,) = inbox.bodies
    assert (body["title"], body["message"]) == ("Título", "Qué pasó: ñ\n\nQué hacer")


def test_one_address_that_is_down_keeps_no_other_from_its_message(inbox: Inbox, caplog: Any) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        down = f"json://ana:clave-secreta@127.0.0.1:{nobody.getsockname()[1]}/"
        assert sending.send([down, "nadie://x", inbox.address], "a", "b") == {inbox.address}

    assert "clave-secreta" not in caplog.text
    assert "alert.not_sent to=json://127.0.0.1" in caplog.text


def test_an_address_that_refuses_has_not_taken_the_message(inbox: Inbox) -> None:
    inbox.status = 500

    assert sending.send([inbox.address], "a", "b") == set()


def test_whatever_goes_wrong_inside_is_a_message_that_was_not_taken(
    monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def broken(*_: Any, **__: Any) -> bool:
        raise RuntimeError("tgram://123:secreto/4")

    monkeypatch.setattr(sending.apprise.Apprise, "notify", broken)

    assert sending.send(["json://127.0.0.1:9/"], "a", "b") == set()
    assert "secreto" not in caplog.text


def test_an_address_that_hangs_is_waited_for_only_so_long(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LONGEST_SECONDS", 1.0)
    inbox.hangs = True
    began = time.monotonic()

    assert sending.send([inbox.address], "a", "b") == set()
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("mailtos://ana:clave@example.org?to=x@example.org", "mailtos://example.org"),
        ("json://usuario:clave@127.0.0.1:9/clave", "json://127.0.0.1"),
        ("tgram://123456789:AAclave/42", "tgram://…"),
        ("sendgrid://SG.una.clave:de@example.org/", "sendgrid://…"),
        ("ntfy://tema-secreto", "ntfy://…"),
        ("mailto://[roto", "mailto://…"),
    ],
)
def test_what_is_shown_of_an_address_is_no_secret(address: str, shown: str) -> None:
    assert sending.shown(address) == shown


def test_the_test_says_of_each_address_whether_its_message_went(inbox: Inbox, settings: Any, capsys: Any) -> None:
    settings.ALERT_URLS = [inbox.address, "json://ana:clave@127.0.0.1:9/"]
    with pytest.raises(CommandError, match="Not every address"):
        call_command("alert-test")

    assert capsys.readouterr().out.splitlines() == ["ok   1. json://127.0.0.1", "FAIL 2. json://127.0.0.1"]
    assert "prueba" in inbox.bodies[0]["title"]


def test_the_test_is_content_when_every_message_went(inbox: Inbox, settings: Any) -> None:
    settings.ALERT_URLS = [inbox.address]

    call_command("alert-test")


def test_the_test_says_what_to_do_without_addresses(settings: Any) -> None:
    with pytest.raises(CommandError, match=r"ALERT_URLS is empty.*mailtos://"):
        call_command("alert-test")


@pytest.fixture
def waiting(db: None, settings: Any, inbox: Inbox) -> str:
    """Somebody who has waited for two hours; return the number that nobody may read."""
    settings.ALERT_URLS, settings.CAPTCHA_SOLVER = [inbox.address], "none"
    gate.state_of("practice")
    heartbeat.register("uno-1", 11, now=timezone.now())
    person = make.person("Nora Quintero")
    CedulaInfo.objects.update(requested_at=timezone.now() - timedelta(hours=2))
    return person.cedula


def test_a_check_tells_the_beginning_and_the_end_once_and_nobodys_data(inbox: Inbox, waiting: str, capsys: Any) -> None:
    for _ in range(2):
        call_command("alert-check")
    assert "más de una hora" in capsys.readouterr().out
    CedulaInfo.objects.update(requested_at=timezone.now())
    for _ in range(2):
        call_command("alert-check")
    assert capsys.readouterr().out == ""

    assert [re.sub(r".*: ", "", body["title"]) for body in inbox.bodies] == ["problema", "resuelto"]
    assert not any(own in json.dumps(inbox.bodies) for own in (waiting, "Nora", "Quintero"))


def test_a_check_that_could_not_tell_says_so_and_the_next_one_does(inbox: Inbox, waiting: str) -> None:
    inbox.status = 500
    with pytest.raises(CommandError, match="1 messages could not be sent"):
        call_command("alert-check")
    inbox.status = 200
    call_command("alert-check")
    assert len(inbox.bodies) == 1  # not yet

    Alert.objects.update(next_at=timezone.now())
    call_command("alert-check")
    assert len(inbox.bodies) == 2


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every look count."""
    monkeypatch.setattr(alert_timer, "FIRST_LOOK_SECONDS", 0)
    monkeypatch.setattr(alert_timer, "LOOK_SECONDS", 0)


HANG = (sys.executable, "-c", "import time; time.sleep(60)")
END = (sys.executable, "-c", "")


def ended(watching: AlertTimer) -> bool:
    assert watching._process is not None
    return watching._process.wait(timeout=20) is not None


def test_a_lookout_starts_nothing_while_there_is_nothing_to_tell(watching: None, db: None, settings: Any) -> None:
    settings.ALERT_URLS, settings.CAPTCHA_SOLVER = ["json://127.0.0.1:9/"], "none"
    heartbeat.register("uno-1", 11, now=timezone.now())
    looking = AlertTimer(END)
    looking.look()

    assert looking._process is None


def test_a_lookout_starts_one_check_and_waits_for_none(watching: None, waiting: str) -> None:
    looking = AlertTimer(HANG)
    began = time.monotonic()
    looking.look()
    first = looking._process
    looking.look()

    assert first is not None
    assert looking._process is first
    assert time.monotonic() - began < 5
    first.kill()
    assert ended(looking)


def test_a_check_that_takes_too_long_is_ended(watching: None, waiting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_timer, "LONGEST_CHECK_SECONDS", 0)
    looking = AlertTimer(HANG)
    looking.look()
    looking.look()

    assert ended(looking)


def test_a_balance_is_asked_for_every_quarter_of_an_hour(watching: None, db: None, settings: Any) -> None:
    heartbeat.register("uno-1", 11, now=timezone.now())
    assert alert_timer._is_something_to_do()

    settings.CAPTCHA_SOLVER = "none"
    assert not alert_timer._is_something_to_do()


def test_a_lookout_survives_a_database_that_is_away(
    watching: None, db: None, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise lookout_error

    lookout_error = ConnectionError("the database is away")
    monkeypatch.setattr(alert_timer.alerts, "note", away)
    monkeypatch.setattr(alert_timer.Restart.objects, "create", away)
    looking = AlertTimer(END)
    looking.look()
    looking.note_restart()

    assert looking._process is None
    assert "alert_timer.cannot_look" in caplog.text
    assert "alert_timer.cannot_note" in caplog.text


def test_a_check_runs_as_the_lookout_starts_it() -> None:
    assert alert_timer.CHECK[1:] == (str(ROOT / "manage.py"), "alert-check")
    done = subprocess.run([*alert_timer.CHECK, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert "ALERT_URLS" in done.stdout


def test_the_worker_that_the_lookout_is_part_of_stays_light() -> None:
    loaded = (
        "import django; django.setup(); import sys, vereda.census.management.commands.worker; "
        "print([name for name in ('apprise', 'requests', 'aiohttp', 'playwright') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", loaded],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "vereda.settings"},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[]\n", done.stderr


def test_nobody_alive_to_look_out_is_told_by_a_check_from_elsewhere(inbox: Inbox, waiting: str) -> None:
    Worker.objects.all().delete()
    CedulaInfo.objects.update(requested_at=timezone.now())
    call_command("alert-check")
    assert inbox.bodies == []  # it may be an upgrade

    Alert.objects.update(next_at=timezone.now())
    call_command("alert-check")
    assert "ningún proceso de consultas" in inbox.bodies[0]["message"]
