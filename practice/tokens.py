"""Captcha tokens: for which page each was issued, and whether it may still be used."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from yarl import URL

from practice.bounded_dict import BoundedDict

LIFETIME = 120.0
"""Seconds for which a reCAPTCHA v2 token is valid, counted from its solution."""


def page_of(address: str) -> str:
    """Return the origin and path of an address, which a token is bound to; an empty text if it is no web address."""
    try:
        url = URL(address)
    except ValueError:
        return ""
    if url.scheme not in {"http", "https"} or not url.host:
        return ""
    return f"{url.origin()}{url.path.rstrip('/')}"


def own_page(request: web.Request) -> str:
    """Return `page_of` for the address of this request; an empty text if its Host header is malformed."""
    try:
        return page_of(str(request.url))
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class _Issued:
    page: str
    sitekey: str
    solved_at: float


class Tokens:
    """The tokens that were issued and not used yet. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._unused: BoundedDict[str, _Issued] = BoundedDict()

    def issue(self, page: str, sitekey: str, *, solved_at: float) -> str:
        """Return a new token for this page, as `page_of` gives it, and this sitekey."""
        token = f"03APractica-{secrets.token_urlsafe(330)}"
        self._unused[token] = _Issued(page, sitekey, solved_at)
        return token

    def redeem(self, token: str, page: str, sitekey: str) -> bool:
        """Use a token up and say whether it was valid: issued here for this page and sitekey, not used, not expired."""
        issued = self._unused.pop(token, None)
        if issued is None or (issued.page, issued.sitekey) != (page, sitekey):
            return False
        return self._clock() - issued.solved_at <= LIFETIME
