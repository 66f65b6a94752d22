"""What a dialect is: the protocol that every generation of the census page is spoken through."""

from dataclasses import dataclass
from typing import Protocol

from playwright.async_api import Page

from vereda.census.sources.reading.readers import Reader, Reply


@dataclass(frozen=True, slots=True)
class Form:
    """A page's form, read before a captcha is paid for.

    `sitekey` is its captcha's, empty without one; `flaw` says why the form cannot be used, empty if it can.
    """

    sitekey: str = ""
    flaw: str = ""


class Dialect(Reader, Protocol):
    """How to use one generation of the page. May raise `PageError`, and whatever Playwright raises."""

    find: str
    """A JavaScript function that gives the form's parts in a page of this generation, and null in any other."""

    async def recognise(self, page: Page) -> Form | None:
        """Return the loaded page's form if it is of this generation, by its DOM."""
        ...

    async def ask(self, page: Page, cedula: str, token: str) -> Reply:
        """Fill the form, give it the captcha token if there is one, send it and return the reply."""
        ...
