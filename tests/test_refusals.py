"""What is refused before Django sees it."""

from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from vereda.refusals import refusing_malformed


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


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"QUERY_STRING": "ref=ABCD2345&q=Jos%C3%A9", "HTTP_COOKIE": "sessionid=abc; csrftoken=def"},
        {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=UTF-8"},
        {"CONTENT_TYPE": "text/plain; charset=ISO-8859-1"},
        {"CONTENT_TYPE": "text/plain; charset=nobody-knows"},
        {"HTTP_COOKIE": "=;;;\x7f=="},
    ],
)
def test_the_rest_goes_on_to_the_application(environ: dict[str, str]) -> None:
    assert ask(**environ) == ("200 OK", b"welcome")
