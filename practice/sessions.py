"""Visitors' sessions: the cookie that ties a page's nonce to whoever loaded that page."""

import secrets
import time
from dataclasses import dataclass, field
from email.utils import formatdate

from aiohttp import web

from practice.bounded_dict import Recent

COOKIE = "PHPSESSID"
FIREWALL_COOKIE = "cookiesession1"


@dataclass(slots=True)
class Session:
    """One visitor. Only the nonce of the page loaded last is good; an older page's is stale."""

    key: str = field(default_factory=lambda: secrets.token_hex(13))
    nonce: str = ""
    loads: int = 0

    def load_page(self) -> str:
        """Return the nonce of a page being loaded now: 32 lower-case hexadecimal digits."""
        self.loads += 1
        self.nonce = secrets.token_hex(16)
        return self.nonce


class Sessions:
    """Every visitor the site remembers."""

    def __init__(self) -> None:
        self._known: Recent[str, Session] = Recent()

    def find(self, request: web.Request) -> Session | None:
        """Return the visitor's session, or nothing for a cookie that is missing or not ours."""
        return self._known.get(request.cookies.get(COOKIE, ""))

    def begin(self) -> Session:
        """Return a new session, under a key that the visitor did not choose."""
        session = Session()
        self._known[session.key] = session
        return session


def set_cookies(request: web.Request, response: web.Response, session: Session) -> None:
    """Give the visitor the two cookies of the real site, each only if it is new.

    There they are Secure as well; here only behind TLS, or no client but a browser on this machine would send them
    back over plain http.
    """
    if request.cookies.get(COOKIE) != session.key:
        response.set_cookie(COOKIE, session.key, httponly=True, secure=request.secure)
    if FIREWALL_COOKIE not in request.cookies:
        tomorrow = formatdate(time.time() + 86_400, usegmt=True)
        mark = secrets.token_hex(16).upper()
        response.set_cookie(FIREWALL_COOKIE, mark, expires=tomorrow, httponly=True, secure=request.secure)
