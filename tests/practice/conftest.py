"""A practice server for each test (it starts in milliseconds), a clock that tests move, and an HTTP client."""

import json
import re
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http.cookiejar import CookieJar
from typing import Any

import pytest

from practice.server import PracticeServer
from practice.site import SITEKEY

KEY = "una-clave-cualquiera"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Message
    body: bytes

    @property
    def was_cut(self) -> bool:
        return self.status == 0

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def nonce(self) -> str:
        found = re.search(r'id="token" name="token" value="([0-9a-f]{32})"', self.text)
        assert found, self.text
        return found[1]


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Visitor:
    """An HTTP client with cookies."""

    def __init__(self, server: PracticeServer) -> None:
        self.server = server
        self.cookies = CookieJar()
        # Not build_opener: it adds a handler for https, and loading its certificates takes longer than most tests.
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.HTTPHandler(),
            urllib.request.HTTPErrorProcessor(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPCookieProcessor(self.cookies),
        ):
            self._opener.add_handler(handler)

    def send(self, method: str, path: str, body: bytes | None = None, content_type: str = "", **headers: str) -> Reply:
        request = urllib.request.Request(self.server.origin + path, data=body, method=method, headers=headers)
        if content_type:
            request.add_header("Content-Type", content_type)
        try:
            with self._opener.open(request, timeout=10) as response:
                return Reply(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.headers, error.read())
        except (ConnectionError, urllib.error.URLError):
            return Reply(0, Message(), b"")

    def get(self, path: str) -> Reply:
        return self.send("GET", path)

    def post_form(self, path: str, **fields: str) -> Reply:
        form = urllib.parse.urlencode(fields).encode()
        return self.send("POST", path, form, "application/x-www-form-urlencoded")

    def post_json(self, path: str, body: object) -> Reply:
        return self.send("POST", path, json.dumps(body).encode(), "application/json")

    def solve(self, *, page: str = "", sitekey: str = SITEKEY, key: str = KEY) -> str:
        """Buy a captcha token that is ready at once."""
        task = {
            "type": "RecaptchaV2TaskProxyless",
            "websiteURL": page or self.server.census_url,
            "websiteKey": sitekey,
        }
        created = self.post_json("/createTask", {"clientKey": key, "task": task}).json
        result = self.post_json("/getTaskResult", {"clientKey": key, "taskId": created["taskId"]}).json
        return str(result["solution"]["gRecaptchaResponse"])

    def submit(self, cedula: str, **changed: str) -> Reply:
        """Post the form as the page's script does, with a fresh nonce and token where none is given."""
        form = {"nuip": cedula, "tipo": "-1", **changed}
        if "token" not in form:
            form["token"] = self.get("/censo/consultar/").nonce
        if "g-recaptcha-response" not in form:
            form["g-recaptcha-response"] = self.solve()
        return self.post_form("/censo/consultar/", **form)


def send_only(origin: str, method: str, path: str, body: str = "") -> socket.socket:
    """Send a request over a connection of its own, without waiting for the reply."""
    connection = socket.create_connection(("127.0.0.1", int(origin.rpartition(":")[2])), timeout=10)
    headers = f"Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}"
    connection.sendall(f"{method} {path} HTTP/1.1\r\n{headers}\r\n\r\n{body}".encode())
    return connection


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[PracticeServer]:
    with PracticeServer(slow_seconds=0.05, hang_seconds=30, clock=clock) as running:
        yield running


@pytest.fixture
def visitor(server: PracticeServer) -> Visitor:
    return Visitor(server)
