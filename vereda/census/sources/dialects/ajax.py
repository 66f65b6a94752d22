"""The AJAX page of `/censo/consultar/`: its script posts the form to the same address and gets JSON with HTML inside.

The form's hidden `token` is a nonce that changes with every load; it goes along because the page sends its own form.
"""

import asyncio
from urllib.parse import urlsplit

from vereda.census.sources.browser import Page, Request, body_of, stay
from vereda.census.sources.dialects.dialect import Form, Reply
from vereda.census.sources.errors import PageError, unreachable
from vereda.census.sources.parsing import read_ajax_reply
from vereda.census.sources.port import Answer, Failure, FailureKind
from vereda.lib.text import fold

CURRENT_PLACE = "-1"
"""The election that means "where I vote now". Any other option is one named election, and its answers mislead."""

_WIDGET_MILLISECONDS = 10_000
_SEND_SECONDS = 10

_RECOGNISE = """place => {
    const parts = ['#form', '#nuip', '#tipo', '#token', '#enviar'].map(part => document.querySelector(part));
    if (parts.includes(null)) {
        return null;
    }
    const widget = document.querySelector('.g-recaptcha[data-sitekey]');
    const offersPlace = [...document.querySelectorAll('#tipo option')].some(option => option.value === place);
    return { sitekey: widget?.dataset.sitekey ?? '', offersPlace };
}"""
_FILL = """([cedula, place]) => {
    for (const [field, value] of [['#nuip', cedula], ['#tipo', place]]) {
        const element = document.querySelector(field);
        element.value = value;
        element.dispatchEvent(new Event('input', { bubbles: true }));
        element.dispatchEvent(new Event('change', { bubbles: true }));
    }
}"""
# The page's script asks the widget for the token, and its form sends what the widget's text area holds. A widget that
# came later would forget both, so it is waited for.
_HAND_OVER = """async ([token, milliseconds]) => {
    const name = 'g-recaptcha-response';
    const area = () => document.querySelector(`#form textarea[name="${name}"]`);
    const isReady = () => typeof window.grecaptcha?.getResponse === 'function' && area();
    const end = performance.now() + milliseconds;
    while (!isReady() && performance.now() < end) {
        await new Promise(resolve => setTimeout(resolve, 20));
    }
    if (!area()) {
        const made = document.createElement('textarea');
        made.id = made.name = name;
        made.hidden = true;
        document.querySelector('#form').append(made);
    }
    area().value = token;
    window.grecaptcha ??= {};
    window.grecaptcha.getResponse = () => token;
}"""
_COMPLAINT = """() => ['#div_error', '#div_warning']
    .map(selector => document.querySelector(selector)?.innerText.trim() ?? '').filter(Boolean).join(' ')"""


class AjaxDialect:
    """Speaks to the page that was the only one until 2026 and has come back since."""

    name = "ajax"

    async def recognise(self, page: Page) -> Form | None:
        """Return the form if all its parts are there."""
        met = await page.evaluate(_RECOGNISE, CURRENT_PLACE)
        if met is None:
            return None
        flaw = "" if met["offersPlace"] else "the form does not offer the current voting place (option -1)"
        return Form(sitekey=met["sitekey"], flaw=flaw)

    async def ask(self, page: Page, cedula: str, token: str) -> Reply:
        """Fill and send the form. Its script navigates nowhere, so the reply to its request is waited for."""
        if token:
            await page.evaluate(_HAND_OVER, [token, _WIDGET_MILLISECONDS])
        await page.evaluate(_FILL, [cedula, CURRENT_PLACE])
        return await _send(page)

    def read(self, reply: Reply, cedula: str) -> Answer | Failure:
        """Return what the reply says about this cédula."""
        return read_ajax_reply(reply.body, reply.content_type, reply.http_status, cedula)


async def _send(page: Page) -> Reply:
    await stay(page)
    request = await _sent_by_click(page)
    response = await request.response()
    if response is None:
        raise unreachable(request.failure or "")
    body = b"" if 300 <= response.status < 400 else await body_of(response)
    return Reply(_decoded(body), response.headers.get("content-type", ""), response.status)


async def _sent_by_click(page: Page) -> Request:
    """Click the button and return the form's own request."""
    sent: asyncio.Future[Request] = asyncio.get_running_loop().create_future()
    address = _address(page.url)

    def note(request: Request) -> None:
        if request.method == "POST" and _address(request.url) == address and not sent.done():
            sent.set_result(request)

    page.on("request", note)
    await page.click("#enviar")
    try:
        async with asyncio.timeout(_SEND_SECONDS):
            return await sent
    except TimeoutError:
        raise await _not_sent(page) from None


async def _not_sent(page: Page) -> PageError:
    """Return why the page's own script did not send the form, as it told the person in front of it."""
    complaint = str(await page.evaluate(_COMPLAINT))
    if "captcha" in fold(complaint):
        return PageError(FailureKind.CAPTCHA_FAILED, "the page's script did not take the captcha token", complaint)
    return PageError(FailureKind.PARSE_ERROR, "the page's script did not send the form", complaint)


def _address(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc, parts.path


def _decoded(body: bytes) -> str:
    """The site has confused its encodings before."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")
