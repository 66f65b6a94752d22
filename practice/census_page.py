"""What every face of the census page does alike: loading the page by its mood, and the checks of captcha and number."""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import assert_never

from aiohttp import web

from practice import faults
from practice.moods import Act, Mood, PageAct, page_mood_of
from practice.render import html_page
from practice.sessions import set_cookies
from practice.site import SITEKEY, Site

# Nobody captured what the real site says to a captcha token that it does not accept: these words are ours,
CAPTCHA_REFUSED = "Error en la validación del captcha. Intente nuevamente."
# and so are these, about a form that its own script would not send.
BAD_NUMBER = "Numero de documento Incorrecto"
BAD_ELECTION = "Seleccione la elección"

NUMBER = re.compile(r"[0-9]{2,12}")

type FormPage = Callable[[int], web.Response]
"""Makes the page with the form, under this HTTP status."""


async def load(site: Site, request: web.Request, form_page: FormPage) -> web.Response:
    """Answer a page load; its mood is in the query, because no cédula is known yet."""
    site.journal.write("page")
    mood = page_mood_of(request.query.get("animo", ""))
    met = await faults.meet(site, request, mood.gate)
    return met if met is not None else await _page(site, request, mood.act, form_page)


async def _page(site: Site, request: web.Request, act: PageAct, form_page: FormPage) -> web.Response:
    match act:
        case PageAct.FORM:
            return form_page(200)
        case PageAct.FORM_SLOWLY:
            await asyncio.sleep(site.slow_seconds)
            return form_page(200)
        case PageAct.FORM_AS_ERROR_ONCE:
            session = site.sessions.find(request)
            return form_page(200 if session and session.loads else 500)
        case PageAct.MAINTENANCE:
            return html_page("mantenimiento.html")
        case PageAct.UNKNOWN:
            return html_page("desconocido.html")
        case PageAct.EMPTY:
            return web.Response(content_type="text/html")
    assert_never(act)


async def take_time(site: Site, mood: Mood) -> None:
    """Wait as long as the mood says that the application thinks."""
    if mood.act is Act.FOUND_SLOWLY:
        await asyncio.sleep(site.slow_seconds)


def send_form(site: Site, request: web.Request, name: str, *, status: int = 200, **values: str) -> web.Response:
    """Return a page of `pages/` with its captcha and a new nonce, for the visitor's session alone."""
    session = site.sessions.find(request) or site.sessions.begin()
    captcha = _captcha_markup() if wants_captcha(request.query) else ""
    response = html_page(name, status=status, token=session.load_page(), captcha=captcha, **values)
    response.headers["Cache-Control"] = "no-store, no-cache, must-revalidate"
    set_cookies(request, response, session)
    return response


def wants_captcha(query: Mapping[str, str]) -> bool:
    """Say whether the page with this in its address has a captcha."""
    return query.get("captcha") != "no"


def _captcha_markup() -> str:
    return (
        f'<div class="g-recaptcha" data-sitekey="{SITEKEY}"></div><script src="/recaptcha/api.js" async defer></script>'
    )
