"""Refuses malformed requests before Django: browsers never send them, and Django or PostgreSQL would fail on them."""

import codecs
from collections.abc import Iterable
from email.message import Message
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from vereda.headers import HEADERS, over_tls

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

MOST_BYTES = 1024 * 1024
"""Of a body. No form here comes near it, and Django would take in whole files that nobody asked for."""

_MALFORMED = "La solicitud está mal formada. Revise la dirección y vuelva a intentarlo."
_TOO_LARGE = "Lo que envió es demasiado grande."


def refusing_malformed(application: "WSGIApplication") -> "WSGIApplication":
    """Return the application behind a 413 for long bodies, and a 400 for NUL and for charsets that encode no text."""

    def guarded(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if _is_too_large(environ):
            return _refuse(start_response, "413 Content Too Large", _TOO_LARGE)
        if _is_malformed(environ):
            return _refuse(start_response, "400 Bad Request", _MALFORMED)
        return application(environ, start_response)

    return guarded


def _refuse(start_response: "StartResponse", status: str, sentence: str) -> Iterable[bytes]:
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        **HEADERS,
        **over_tls(),
    }
    start_response(status, list(headers.items()))
    return [sentence.encode()]


def _is_too_large(environ: "WSGIEnvironment") -> bool:
    """Content-Length is digits or nothing: the web server has seen to that."""
    length = environ.get("CONTENT_LENGTH") or "0"
    return not length.isdigit() or int(length) > MOST_BYTES


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
