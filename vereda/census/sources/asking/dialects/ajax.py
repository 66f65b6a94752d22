"""The AJAX page of `/censo/consultar/`: its script posts the form to the same address and gets JSON with HTML inside.

The form's hidden `token` is a nonce that changes with every load; it goes along because the page sends its own form.
"""

from urllib.parse import urlsplit

from playwright.async_api import Page, Request

from vereda.census.sources.asking.dialects import form
from vereda.census.sources.asking.dialects.dialect import Form
from vereda.census.sources.reading.readers import AjaxReader, Reply

CURRENT_PLACE = "-1"
"""The election that means "where I vote now". Any other option is one named election, and its answers mislead."""

_FIND = """() => {
    const parts = ['#form', '#nuip', '#tipo', '#enviar', '#token'].map(part => document.querySelector(part));
    const [form, number, election, button] = parts;
    return parts.includes(null) ? null : { form, number, election, button };
}"""


class AjaxDialect(AjaxReader):
    """Speaks to the page that was the only one until 2026 and has come back since."""

    find = _FIND

    async def recognise(self, page: Page) -> Form | None:
        """Return the form if all its parts are there."""
        return await form.recognise(page, _FIND, CURRENT_PLACE)

    async def ask(self, page: Page, cedula: str, token: str) -> Reply:
        """Fill and send the form. Its script navigates nowhere, so the reply to its request is waited for."""
        await form.fill(page, _FIND, cedula=cedula, place=CURRENT_PLACE, token=token)
        own_address = _address(page.url)

        def is_question(request: Request) -> bool:
            return request.method == "POST" and _address(request.url) == own_address

        return await form.send(page, _FIND, is_question)


def _address(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc, parts.path
