"""The server itself: its journal, how it stops, its replies to malformed requests, and the command that runs it."""

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from practice.__main__ import main
from practice.captcha import SPECIAL_KEYS
from practice.moods import MOODS, PAGE_MOODS
from practice.server import PracticeServer
from tests.practice.conftest import send_only

ROOT = Path(__file__).parents[2]
PAGE = "/censo/consultar/"

MULTIPART, FORM = "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"
MALFORMED = (
    (b"", "multipart/form-data"),
    (b"--x\r\nno headers", MULTIPART),
    (b"--x\r\nContent-Disposition: form data; name=\r\n\r\nv\r\n--x--", MULTIPART),
    (b"--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--", MULTIPART),
    (
        b'--x\r\nContent-Disposition: form-data; name="nuip"\r\nContent-Encoding: gzip\r\n\r\nv\r\n--x--\r\n',
        MULTIPART,
    ),
    (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: odd\r\n\r\nv\r\n--x--\r\n',
        MULTIPART,
    ),
    (b'--x\r\nContent-Disposition: form-data; name="nuip"; filename="a"\r\n\r\nv\r\n--x--\r\n', MULTIPART),
    (b"nuip=\xff\xfe%ff%00&nuip", FORM),
    (b"nuip=1", f"{FORM}; charset=no-such-thing"),
    (b"nuip=1", f"{FORM}; charset=utf-16"),
    (b"nuip=" + b"9" * 10_240 + b"&token=" + b"x" * 10_240, FORM),
    (b'{"nuip": 1}', "application/json"),
)


def hang(origin: str) -> socket.socket:
    """Ask for a page that never comes."""
    return send_only(origin, "GET", f"{PAGE}?animo=sin-respuesta")


@contextmanager
def running_command(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `python -m practice` and give it with its origin once it answers."""
    command = [sys.executable, "-m", "practice", *arguments]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process, process.stdout.readline().split()[-1].rstrip("/")
        finally:
            process.kill()


def test_journal_tells_a_whole_lookup_in_order(visitor):
    visitor.submit("1900000001")
    assert [entry.kind for entry in visitor.server.journal] == ["page", "captcha_task", "captcha_result", "consulta"]


def test_journal_has_the_clock_and_only_the_end_of_the_cedula(visitor, clock):
    clock.now = 77.0
    visitor.submit("1900000001")
    consulta = visitor.server.journal[-1]
    assert (consulta.at, consulta.cedula_end) == (77.0, "0001")
    assert "1900000001" not in repr(list(visitor.server.journal))


def test_journal_can_be_waited_for_and_cleared(visitor):
    visitor.get(PAGE)
    visitor.get(PAGE)
    assert len(visitor.server.journal.wait_for("page", count=2)) == 2
    visitor.server.journal.clear()
    assert len(visitor.server.journal) == 0
    with pytest.raises(TimeoutError, match="0 of 1"):
        visitor.server.journal.wait_for("page", timeout=0.01)


def test_addresses_belong_together(server):
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.origin)
    assert server.census_url == server.origin + PAGE
    assert server.captcha_url == server.origin


def test_two_servers_do_not_share_anything(visitor):
    nonce, token = visitor.get(PAGE).nonce, visitor.solve()
    with PracticeServer() as other:
        visitor.server, mine = other, visitor.server
        assert visitor.submit("1900000001", token=nonce, **{"g-recaptcha-response": token}).json["success"] is False
        visitor.server = mine
        assert len(other.journal.of("page")) == 0


def test_taken_port_is_an_error_on_entering_the_block(server):
    port = int(server.origin.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"), PracticeServer(port):
        pass


def test_stopping_does_not_wait_for_a_hanging_request():
    with PracticeServer() as server:
        connection = hang(server.origin)
        server.journal.wait_for("page")
        began = time.monotonic()
    assert time.monotonic() - began < 3
    connection.close()


def test_client_that_disconnects_does_no_harm(visitor):
    hang(visitor.server.origin).close()
    visitor.server.journal.wait_for("page")
    assert visitor.get("/").status == 200


def test_head_is_always_a_500(visitor):
    for path in ("/", PAGE, "/censo/public/js/functions.js", "/no-existe"):
        assert visitor.send("HEAD", path).status == 500, path


def test_other_methods_and_pages_are_refused(visitor):
    assert visitor.send("PUT", PAGE, b"").status == 405
    assert visitor.get("/no-existe").status == 404
    assert visitor.get("/createTask").status == 405


def test_malformed_post_is_answered_without_a_failure(visitor):
    for path in (PAGE, "/recaptcha/practica"):
        for body, content_type in MALFORMED:
            assert visitor.send("POST", path, body, content_type).status == 200, (path, body[:80], content_type)


def test_body_beyond_a_megabyte_is_too_large(visitor):
    assert visitor.send("POST", PAGE, b"nuip=" + b"9" * 2**21, FORM).status == 413


def test_malformed_host_is_no_failure(visitor):
    form = {"nuip": "1900000001", "tipo": "-1", "token": visitor.get(PAGE).nonce, "g-recaptcha-response": "x"}
    body = urllib.parse.urlencode(form).encode()
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.cookies)
    for host in ("[nonsense", "a b%%", "x:99999999"):
        reply = visitor.send("POST", PAGE, body, FORM, Host=host, Cookie=cookies)
        assert reply.json["success"] is False


def test_what_is_not_http_is_a_400_and_not_logged(server, caplog):
    with socket.create_connection(("127.0.0.1", int(server.origin.rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(b"1900000001 \xff\r\n\r\n")
        assert b" 400 " in connection.recv(100)
    assert not [record for record in caplog.records if record.name != "asyncio"]


def test_nothing_is_logged(visitor, caplog, capfd):
    caplog.set_level("DEBUG")
    for cedula in ("1900000001", "1900000099", "nonsense"):
        visitor.submit(cedula)
    assert not [record for record in caplog.records if record.name != "asyncio"]
    assert capfd.readouterr() == ("", "")


def test_home_page_says_what_it_is_and_lists_everything(visitor):
    page = visitor.get("/").text
    assert "Esto no es la Registraduría" in page
    assert f'href="{PAGE}"' in page
    for listed in (
        *(mood.example for mood in MOODS),
        *(f"{PAGE}?animo={mood.name}" for mood in PAGE_MOODS),
        *(special.key for special in SPECIAL_KEYS),
    ):
        assert listed in page, listed
    assert "$" not in page


def test_command_shows_the_face_and_the_overlay_that_it_was_told():
    with (
        running_command("--port", "0", "--face", "html", "--overlay-seconds", "0.25") as (_, origin),
        urllib.request.urlopen(f"{origin}{PAGE}", timeout=10) as page,
    ):
        assert b'data-milliseconds="250"' in page.read()


def test_no_page_loads_anything_from_another_host(visitor):
    scripts = ("/consultacenso/app.js", "/recaptcha/api.js", "/censo/public/js/functions.js")
    for path in ("/", PAGE, "/consultar/", "/consultacenso/", *scripts):
        assert not re.findall(r"https?://|//[a-z]+\.", visitor.get(path).text), path


def test_box_gives_a_person_a_token_for_the_page(visitor):
    form = {"page": visitor.server.census_url, "sitekey": "6LPractica0000000000000000000000000AAAAA"}
    token = visitor.post_form("/recaptcha/practica", **form).text
    assert visitor.submit("1900000001", **{"g-recaptcha-response": token}).json["success"] is True


def test_signal_stops_the_command_at_once_even_with_a_request_hanging():
    for number in (signal.SIGINT, signal.SIGTERM):
        with running_command("--port", "0", "--captcha-seconds", "0") as (process, origin):
            with hang(origin), urllib.request.urlopen(f"{origin}/", timeout=10) as home:
                assert home.status == 200
                began = time.monotonic()
                process.send_signal(number)
                assert process.wait(timeout=5) == 0, number
            assert time.monotonic() - began < 3, number
            assert process.stderr.read() == "", number


def test_command_with_a_taken_port_says_so_and_fails(server):
    port = server.origin.rpartition(":")[2]
    command = [sys.executable, "-m", "practice", "--port", port]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Port {port} is busy: stop what uses it or choose another one with --port.\n"


def test_command_refuses_bad_arguments(capsys):
    for arguments in (["--port", "x"], ["--port", "70000"], ["--captcha-seconds", "x"], ["--face", "x"], ["what"]):
        with pytest.raises(SystemExit) as refusal:
            main(arguments)
        assert refusal.value.code == 2, arguments
        assert "error:" in capsys.readouterr().err, arguments
