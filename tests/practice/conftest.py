"""A practice server for each test, a clock that tests move, and a visitor who asks it things over real HTTP."""

import json
import re
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
    """Somebody with a cookie jar."""

    def __init__(self, server: PracticeServer) -> None:
        self.server = server
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )

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
