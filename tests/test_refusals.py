"""What is refused before Django sees it."""

from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from vereda.headers import HEADERS
from vereda.refusals import MOST_BYTES, refusing_malformed


def ask(**environ: str) -> tuple[str, bytes]:
    """Return status and body of a request."""
    said: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"welcome"]

    setup_testing_defaults(environ)
    body = b"".join(refusing_malformed(application)(environ, lambda status, headers: said.append(status)))  # type: ignore[arg-type]
    return said[0], body


@pytest.mark.parametrize(
    "environ",
    [
        {"QUERY_STRING": "ref=%00"},
        {"QUERY_STRING": "q=a\0b"},
        {"HTTP_COOKIE": 'sessionid="\\000aaaa"'},
        {"CONTENT_TYPE": "text/plain; charset=hex"},
        {"CONTENT_TYPE": "multipart/form-data; boundary=x; charset=rot13"},
        {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=undefined"},
    ],
)
def test_what_no_browser_sends_is_a_400_with_a_sentence(environ: dict[str, str]) -> None:
    status, body = ask(**environ)

    assert status == "400 Bad Request"
    assert "mal formada" in body.decode()


@pytest.mark.parametrize("length", [str(MOST_BYTES + 1), "10000000", "9" * 30, "-1", "1e9", "x"])
def test_a_body_that_no_form_here_sends_is_a_413_before_it_is_read(length: str) -> None:
    status, body = ask(CONTENT_LENGTH=length)

    assert status == "413 Content Too Large"
    assert "demasiado grande" in body.decode()


def test_a_refusal_carries_the_headers_of_every_answer(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31536000
    sent: dict[str, str] = {}
    environ: dict[str, Any] = {"QUERY_STRING": "%00"}
    setup_testing_defaults(environ)
    refusing_malformed(nobody)(environ, lambda status, headers: sent.update(headers))  # type: ignore[arg-type]

    assert sent.keys() >= {*HEADERS, "X-Content-Type-Options", "Referrer-Policy", "Strict-Transport-Security"}


def nobody(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """An application that must not be asked."""
    raise AssertionError


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": str(MOST_BYTES)},
        {"QUERY_STRING": "ref=ABCD2345&q=Jos%C3%A9", "HTTP_COOKIE": "sessionid=abc; csrftoken=def"},
        {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=UTF-8"},
        {"CONTENT_TYPE": "text/plain; charset=ISO-8859-1"},
        {"CONTENT_TYPE": "text/plain; charset=nobody-knows"},
        {"HTTP_COOKIE": "=;;;\x7f=="},
    ],
)
def test_the_rest_goes_on_to_the_application(environ: dict[str, str]) -> None:
    assert ask(**environ) == ("200 OK", b"welcome")
