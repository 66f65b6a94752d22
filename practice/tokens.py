"""Captcha tokens: who was given which, for what page, and whether it may still be used."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from yarl import URL

from practice.bounded_dict import Recent

LIFETIME = 120.0
"""Seconds for which a solved reCAPTCHA v2 token is good, counted from its solution."""


def page_of(address: str) -> str:
    """Return the origin and path that a token is bound to, or nothing for what is not a web address."""
    try:
        url = URL(address)
    except ValueError:
        return ""
    if url.scheme not in {"http", "https"} or not url.host:
        return ""
    return f"{url.origin()}{url.path.rstrip('/')}"


def own_page(request: web.Request) -> str:
    """Return the page that a request was sent to, as `page_of` gives it; nothing if its Host header is nonsense."""
    try:
        return page_of(str(request.url))
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class _Stamp:
    page: str
    sitekey: str
    solved_at: float


class Tokens:
    """The tokens given out and not used yet. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._unused: Recent[str, _Stamp] = Recent()

    def issue(self, page: str, sitekey: str, *, solved_at: float) -> str:
        """Return a new token for this page (see `page_of`) and sitekey."""
        token = f"03APractica-{secrets.token_urlsafe(330)}"
        self._unused[token] = _Stamp(page, sitekey, solved_at)
        return token

    def redeem(self, token: str, page: str, sitekey: str) -> bool:
        """Use a token up and say whether it was good: one of ours, for this page and sitekey, fresh and unused."""
        stamp = self._unused.pop(token, None)
        if stamp is None or (stamp.page, stamp.sitekey) != (page, sitekey):
            return False
        return self._clock() - stamp.solved_at <= LIFETIME
