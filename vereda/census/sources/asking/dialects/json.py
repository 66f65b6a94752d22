"""The JSON page: its script draws the form, fetches the elections, and posts the question as JSON.

The answer is taken from the reply itself; what the script makes of it on the page is not looked at.
"""

from playwright.async_api import Page

from vereda.census.sources.asking.dialects import form
from vereda.census.sources.asking.dialects.dialect import Form
from vereda.census.sources.asking.errors import PageError
from vereda.census.sources.asking.open_page import becomes_true
from vereda.census.sources.port import FailureKind
from vereda.census.sources.reading.readers import JsonReader, Reply

CURRENT_PLACE = "0"
"""The election that means "where I vote now"."""

_ELECTIONS_SECONDS = 15

_FIND = """() => {
    const parts = ['#consultaForm', '#documento', '#eleccion', '#submitBtn'].map(part => document.querySelector(part));
    const [form, number, election, button] = parts;
    return parts.includes(null) ? null : { form, number, election, button };
}"""
_HAS_ELECTIONS = f"() => [...({_FIND})()?.election.options ?? []].some(option => option.value !== '')"


class JsonDialect(JsonReader):
    """Speaks to the page that consultacenso.registraduria.gov.co has shown since July 2026."""

    find = _FIND

    async def recognise(self, page: Page) -> Form | None:
        """Return the form once its script has filled in the elections, which come from the site as well."""
        if not await page.evaluate(f"({_FIND})() !== null"):
            return None
        if not await becomes_true(page, _HAS_ELECTIONS, seconds=_ELECTIONS_SECONDS):
            raise PageError(FailureKind.NETWORK_ERROR, "the page did not get its list of elections")
        return await form.recognise(page, _FIND, CURRENT_PLACE)

    async def ask(self, page: Page, cedula: str, token: str) -> Reply:
        """Fill the form and have the page's script send the question; its reply is waited for."""
        await form.fill(page, _FIND, cedula=cedula, place=CURRENT_PLACE, token=token)
        return await form.send(page, _FIND, form.asks_about(cedula, page))
