"""What a dialect is: the protocol that every generation of the census page is spoken through."""

from dataclasses import dataclass
from typing import Protocol

from vereda.census.sources.browser import Page
from vereda.census.sources.port import Answer, Failure


@dataclass(frozen=True, slots=True)
class Reply:
    """What the site sent back, as received."""

    body: str
    content_type: str
    http_status: int


class Dialect(Protocol):
    """How to use one generation of the page. May raise `PageError`, and whatever Playwright raises."""

    name: str

    async def recognises(self, page: Page) -> bool:
        """Say whether the loaded page is of this generation, by its DOM."""
        ...

    async def flaw(self, page: Page) -> str:
        """Return what the form lacks to be used, found before a captcha is paid for; nothing if it is complete."""
        ...

    async def captcha_sitekey(self, page: Page) -> str:
        """Return the sitekey of the page's captcha; nothing if it has none."""
        ...

    async def ask(self, page: Page, cedula: str, token: str) -> Reply:
        """Fill the form, hand the captcha token over if there is one, send it and return the reply."""
        ...

    def read(self, reply: Reply, cedula: str) -> Answer | Failure:
        """Return what the reply says about this cédula."""
        ...
