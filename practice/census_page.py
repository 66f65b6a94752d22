"""What all faces of the census page share: loading the page by its mood, its captcha and nonce, and its error texts."""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import assert_never

from aiohttp import web

from practice import faults
from practice.moods import Answer, Mood, PageAnswer, page_mood_of
from practice.render import html_page
from practice.sessions import set_cookies
from practice.site import SITEKEY, Site

# Nobody captured what the real site says to a captcha token that it does not accept: this text is ours.
CAPTCHA_REFUSED = "Error en la validación del captcha. Intente nuevamente."
# These are ours too: the page's script does not send such forms.
BAD_NUMBER = "Numero de documento Incorrecto"
BAD_ELECTION = "Seleccione la elección"

NUMBER = re.compile(r"[0-9]{2,12}")

type FormPage = Callable[[int], web.Response]
"""Returns the page with the form, with this HTTP status."""


async def load(site: Site, request: web.Request, form_page: FormPage) -> web.Response:
    """Answer a page load. Its mood is in the query, because no cédula is known yet."""
    site.journal.write("page")
    mood = page_mood_of(request.query.get("animo", ""))
    broken = await faults.inject(site, request, mood.fault)
    return broken if broken is not None else await _page(site, request, mood.answer, form_page)


async def _page(site: Site, request: web.Request, answer: PageAnswer, form_page: FormPage) -> web.Response:
    match answer:
        case PageAnswer.FORM:
            return form_page(200)
        case PageAnswer.FORM_SLOWLY:
            await asyncio.sleep(site.slow_seconds)
            return form_page(200)
        case PageAnswer.FORM_AS_ERROR_ONCE:
            session = site.sessions.find(request)
            return form_page(200 if session and session.loads else 500)
        case PageAnswer.MAINTENANCE:
            return html_page("mantenimiento.html")
        case PageAnswer.UNKNOWN:
            return html_page("desconocido.html")
        case PageAnswer.EMPTY:
            return web.Response(content_type="text/html")
    assert_never(answer)


async def delay(site: Site, mood: Mood) -> None:
    if mood.answer is Answer.FOUND_SLOWLY:
        await asyncio.sleep(site.slow_seconds)


def send_form(site: Site, request: web.Request, name: str, *, status: int = 200, **values: str) -> web.Response:
    """Return a page of `pages/` with its captcha and a new nonce, which is valid in this visitor's session only."""
    session = site.sessions.find(request) or site.sessions.begin()
    captcha = _captcha_markup() if wants_captcha(request.query) else ""
    response = html_page(name, status=status, token=session.load_page(), captcha=captcha, **values)
    response.headers["Cache-Control"] = "no-store, no-cache, must-revalidate"
    set_cookies(request, response, session)
    return response


def wants_captcha(query: Mapping[str, str]) -> bool:
    """Say whether the page with this query has a captcha."""
    return query.get("captcha") != "no"


def _captcha_markup() -> str:
    return (
        f'<div class="g-recaptcha" data-sitekey="{SITEKEY}"></div><script src="/recaptcha/api.js" async defer></script>'
    )
