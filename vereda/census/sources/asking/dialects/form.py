"""What all faces of the page share: a form with a number, an election, a button and perhaps a captcha.

Each dialect brings one JavaScript function that finds the parts in the page, or gives null where they are not.
"""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.async_api import Page, Request

from vereda.census.sources.asking.dialects.dialect import Form
from vereda.census.sources.asking.errors import PageError, unreachable
from vereda.census.sources.asking.open_page import block_reloads
from vereda.census.sources.asking.reply_size import ReplySizes, counted_replies
from vereda.census.sources.port import FailureKind
from vereda.census.sources.reading.readers import Reply
from vereda.lib.text import fold

_WIDGET_MILLISECONDS = 10_000
_SEND_SECONDS = 10

_RECOGNISE = """([place]) => {
    const parts = (FIND)();
    if (!parts) {
        return null;
    }
    const widget = document.querySelector('.g-recaptcha[data-sitekey]');
    const other = document.querySelector('.cf-turnstile, .h-captcha');
    const offersPlace = [...parts.election.options].some(option => option.value === place);
    return { sitekey: widget?.dataset.sitekey ?? '', other: !widget && other !== null, offersPlace };
}"""
# The value is set past whatever a framework has put over the element, or the framework would not notice.
_FILL = """([cedula, place]) => {
    const { number, election } = (FIND)();
    for (const [element, value] of [[number, cedula], [election, place]]) {
        Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), 'value').set.call(element, value);
        element.dispatchEvent(new Event('input', { bubbles: true }));
        element.dispatchEvent(new Event('change', { bubbles: true }));
    }
    return number.value.replace(/[^0-9]/g, '') === cedula && election.value === place;
}"""
# The page's script asks the widget for the token, or is called by it, or its form sends what the widget's text area
# holds. A widget that came later would forget all of it, so it is waited for.
_HAND_OVER = """async ([token, milliseconds]) => {
    const { form } = (FIND)();
    const name = 'g-recaptcha-response';
    const area = () => form.querySelector(`textarea[name="${name}"]`);
    const isReady = () => typeof window.grecaptcha?.getResponse === 'function' && area();
    const end = performance.now() + milliseconds;
    while (!isReady() && performance.now() < end) {
        await new Promise(resolve => setTimeout(resolve, 20));
    }
    if (!area()) {
        const made = document.createElement('textarea');
        made.id = made.name = name;
        made.hidden = true;
        form.append(made);
    }
    area().value = token;
    window.grecaptcha ??= {};
    window.grecaptcha.getResponse = () => token;
    window[document.querySelector('.g-recaptcha')?.dataset.callback]?.(token);
}"""
_BUTTON = "() => (FIND)().button"
_COMPLAINT = """() => [...document.querySelectorAll('#div_error, #div_warning, .alert, [role=alert]')]
    .map(element => element.innerText.trim()).filter(Boolean).join(' ')"""


async def recognise(page: Page, find: str, place: str) -> Form | None:
    """Return the form if all its parts are there. `place` is the value of the election "where I vote now"."""
    found = await page.evaluate(_RECOGNISE.replace("FIND", find), [place])
    if found is None:
        return None
    if found["other"]:
        raise PageError(FailureKind.CAPTCHA_FAILED, "the page's captcha is of a kind that nobody here solves")
    flaw = "" if found["offersPlace"] else f"the form does not offer the current voting place (option {place})"
    return Form(sitekey=found["sitekey"], flaw=flaw)


async def fill(page: Page, find: str, *, cedula: str, place: str, token: str) -> None:
    """Give the page the token, if any, and fill the form. Raises `PageError` if the page does not keep it."""
    if token:
        await page.evaluate(_HAND_OVER.replace("FIND", find), [token, _WIDGET_MILLISECONDS])
    if not await page.evaluate(_FILL.replace("FIND", find), [cedula, place]):
        raise PageError(FailureKind.PARSE_ERROR, "the form does not keep what is filled in")


async def send(page: Page, find: str, is_question: Callable[[Request], bool]) -> Reply:
    """Click the button and return the reply to the request that is the question, after all redirects.

    The click waits until nothing covers the button. The reply has no time limit here.
    """
    await block_reloads(page)
    async with counted_replies(page) as sizes:
        request = await _sent_by_click(page, find, is_question)
        return await _reply(request, sizes)


def asks_about(cedula: str, page: Page) -> Callable[[Request], bool]:
    """Return a test for the question: a POST to the page's own host with the number in it."""
    host = urlsplit(page.url).netloc

    def is_question(request: Request) -> bool:
        is_there = request.method == "POST" and urlsplit(request.url).netloc == host
        return is_there and cedula.encode() in (request.post_data_buffer or b"")

    return is_question


async def _reply(request: Request, sizes: ReplySizes) -> Reply:
    response = await request.response()
    while request.redirected_to is not None:
        request = request.redirected_to
        response = await request.response()
    if response is None:
        raise unreachable(request.failure or "")
    body = b"" if 300 <= response.status < 400 else await sizes.body_of(response)
    return Reply(_decoded(body), response.headers.get("content-type", ""), response.status)


async def _sent_by_click(page: Page, find: str, is_question: Callable[[Request], bool]) -> Request:
    sent: asyncio.Future[Request] = asyncio.get_running_loop().create_future()

    def note(request: Request) -> None:
        if not sent.done() and is_question(request):
            sent.set_result(request)

    button = (await page.evaluate_handle(_BUTTON.replace("FIND", find))).as_element()
    if button is None:
        raise PageError(FailureKind.PARSE_ERROR, "the form has lost its button")
    page.on("request", note)
    await button.click(no_wait_after=True)
    try:
        async with asyncio.timeout(_SEND_SECONDS):
            return await sent
    except TimeoutError:
        raise await _not_sent(page) from None


async def _not_sent(page: Page) -> PageError:
    """Return why the page's own script did not send the form, by the message that it shows."""
    complaint = str(await page.evaluate(_COMPLAINT))
    if "captcha" in fold(complaint):
        return PageError(FailureKind.CAPTCHA_FAILED, "the page's script did not take the captcha token", complaint)
    return PageError(FailureKind.PARSE_ERROR, "the page's script did not send the form", complaint)


def _decoded(body: bytes) -> str:
    """The site has confused its encodings before."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")
