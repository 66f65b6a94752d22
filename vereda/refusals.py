"""Refuses what no browser sends and what Django or PostgreSQL would break on before any view sees it."""

import codecs
from collections.abc import Iterable
from email.message import Message
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_SENTENCE = "La solicitud está mal formada. Revise la dirección y vuelva a intentarlo."


def refusing_malformed(application: "WSGIApplication") -> "WSGIApplication":
    """Return the application behind a 400 for NUL in query or cookies and for a charset that is no text encoding."""

    def guarded(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not _is_malformed(environ):
            return application(environ, start_response)
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")]
        start_response("400 Bad Request", headers)
        return [_SENTENCE.encode()]

    return guarded


def _is_malformed(environ: "WSGIEnvironment") -> bool:
    return (
        b"\0" in unquote_to_bytes(environ.get("QUERY_STRING", ""))
        or _has_nul_cookie(environ.get("HTTP_COOKIE", ""))
        or not _is_text_charset(environ.get("CONTENT_TYPE", ""))
    )


def _has_nul_cookie(header: str) -> bool:
    """Cookies may spell NUL as an octal escape, which Python's parser undoes."""
    try:
        return any("\0" in morsel.value for morsel in SimpleCookie(header).values())
    except CookieError:
        return False


def _is_text_charset(content_type: str) -> bool:
    """Python's codecs also know hex and rot13; a charset that nobody knows is Django's to ignore."""
    message = Message()
    message["Content-Type"] = content_type
    charset = message.get_content_charset("utf-8")
    try:
        return codecs.lookup(charset).name in {"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"}
    except LookupError:
        return True
