"""Visitors' sessions: a cookie, and the nonce of the page that the visitor loaded last."""

import secrets
import time
from dataclasses import dataclass, field
from email.utils import formatdate

from aiohttp import web

from practice.bounded_dict import BoundedDict

COOKIE = "PHPSESSID"
FIREWALL_COOKIE = "cookiesession1"


@dataclass(slots=True)
class Session:
    """One visitor. Only the nonce of the page loaded last is valid."""

    key: str = field(default_factory=lambda: secrets.token_hex(13))
    nonce: str = ""
    loads: int = 0

    def load_page(self) -> str:
        """Count a page load and return the page's nonce: 32 lower-case hexadecimal digits."""
        self.loads += 1
        self.nonce = secrets.token_hex(16)
        return self.nonce


class Sessions:
    """The sessions of all visitors."""

    def __init__(self) -> None:
        self._known: BoundedDict[str, Session] = BoundedDict()

    def find(self, request: web.Request) -> Session | None:
        """Return the visitor's session; nothing if its cookie is missing or unknown."""
        return self._known.get(request.cookies.get(COOKIE, ""))

    def begin(self) -> Session:
        session = Session()
        self._known[session.key] = session
        return session


def set_cookies(request: web.Request, response: web.Response, session: Session) -> None:
    """Set the two cookies of the real site, each only if it is new.

    On the real site both are Secure. Here they are so only behind TLS: over plain http, clients other than a browser
    would not send a Secure cookie back.
    """
    if request.cookies.get(COOKIE) != session.key:
        response.set_cookie(COOKIE, session.key, httponly=True, secure=request.secure)
    if FIREWALL_COOKIE not in request.cookies:
        tomorrow = formatdate(time.time() + 86_400, usegmt=True)
        mark = secrets.token_hex(16).upper()
        response.set_cookie(FIREWALL_COOKIE, mark, expires=tomorrow, httponly=True, secure=request.secure)
