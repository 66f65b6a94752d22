"""The HTML page: an ordinary form, which leads to a page with the answer in it.

Of its markup no name is known, only that there is a field for the number, a list of elections and a button
"Consultar". A page that has parts of another face, but not all of them, is not taken for this one.
"""

from playwright.async_api import Page, Request

from vereda.census.sources.asking.dialects import form
from vereda.census.sources.asking.dialects.dialect import Form
from vereda.census.sources.reading.readers import HtmlReader, Reply

# The election "where I vote now" is the one that says so, or has the value that means it on the AJAX page.
_FIND = """() => {
    if (document.querySelector('#token, #enviar, #consultaForm, #submitBtn')) {
        return null;
    }
    const fold = text => text.normalize('NFKD').replace(/\\p{M}/gu, '').trim().toLowerCase();
    const buttons = [...document.querySelectorAll('button, input[type=submit], input[type=button]')]
        .filter(button => fold(button.value || button.textContent) === 'consultar');
    const form = buttons.length === 1 ? buttons[0].closest('form') : null;
    const number = form?.querySelector(
        'input:not([type]), input[type=text], input[type=number], input[type=tel]');
    const elections = form?.querySelectorAll('select') ?? [];
    if (!number || elections.length !== 1) {
        return null;
    }
    const [election] = elections;
    const isPlace = option => option.value === '-1' || fold(option.textContent).startsWith('lugar de votacion actual');
    const places = [...election.options].filter(isPlace);
    return places.length === 1 ? { form, number, election, button: buttons[0], place: places[0].value } : null;
}"""


class HtmlDialect(HtmlReader):
    """Speaks to the page that consultacenso.registraduria.gov.co showed in January 2026."""

    find = _FIND

    async def recognise(self, page: Page) -> Form | None:
        """Return the form if it has one field, one list with the current voting place, and one button "Consultar"."""
        place = await _place(page)
        return None if place is None else await form.recognise(page, _FIND, place)

    async def ask(self, page: Page, cedula: str, token: str) -> Reply:
        """Fill and send the form, whether that leads to another page or its script fetches the answer."""
        await form.fill(page, _FIND, cedula=cedula, place=await _place(page) or "", token=token)
        asks = form.asks_about(cedula, page)

        def is_question(request: Request) -> bool:
            is_form = request.method == "POST" and request.is_navigation_request()
            return asks(request) or (is_form and request.frame == page.main_frame)

        return await form.send(page, _FIND, is_question)


async def _place(page: Page) -> str | None:
    place = await page.evaluate(f"({_FIND})()?.place ?? null")
    return place if isinstance(place, str) else None
