"""The AJAX dialect of the census page: a form whose script posts to the same address and gets JSON with HTML inside.

As the real site spoke it in July 2026. Where nobody captured what it says, a comment says that we chose.
"""

import asyncio
import json
import re
from typing import assert_never

from aiohttp import web

from practice import fragments, gates
from practice.moods import Act, Mood, PageAct, mood_of, page_mood_of
from practice.render import form_of, html_page, script
from practice.sessions import Session, set_cookies
from practice.site import SITEKEY, Site
from practice.tokens import own_page

PATH = "/censo/consultar/"
CURRENT_PLACE = "-1"
NAMED_ELECTION = "677"

NO_CAPTCHA = "Marque el cuadro de verificación o captcha!"
# Nobody captured what the real site says to a captcha token that it does not accept: these words are ours,
CAPTCHA_REFUSED = "Error en la validación del captcha. Intente nuevamente."
# and so are these, about a form that its own script would not send.
BAD_NUMBER = "Numero de documento Incorrecto"
BAD_ELECTION = "Seleccione la elección"

_NUMBER = re.compile(r"[0-9]{2,12}")


def routes(site: Site) -> list[web.RouteDef]:
    """Return the addresses of this dialect; the real page answers without the final slash as well."""

    async def load(request: web.Request) -> web.Response:
        return await _load(site, request)

    async def ask(request: web.Request) -> web.Response:
        return await _ask(site, request)

    async def functions(_: web.Request) -> web.Response:
        return script("functions.js")

    pages = [route for path in (PATH, PATH.rstrip("/")) for route in (web.get(path, load), web.post(path, ask))]
    return [*pages, web.get("/censo/public/js/functions.js", functions)]


async def _load(site: Site, request: web.Request) -> web.Response:
    """Answer a page load; its mood is in the query, because no cédula is known yet."""
    site.journal.write("page")
    mood = page_mood_of(request.query.get("animo", ""))
    met = await gates.meet(site, request, mood.gate)
    return met if met is not None else await _page(site, request, mood.act)


async def _page(site: Site, request: web.Request, act: PageAct) -> web.Response:
    match act:
        case PageAct.FORM:
            return _form_page(site, request)
        case PageAct.FORM_SLOWLY:
            await asyncio.sleep(site.slow_seconds)
            return _form_page(site, request)
        case PageAct.FORM_AS_ERROR_ONCE:
            session = site.sessions.find(request)
            return _form_page(site, request, status=200 if session and session.loads else 500)
        case PageAct.MAINTENANCE:
            return html_page("mantenimiento.html")
        case PageAct.UNKNOWN:
            return html_page("desconocido.html")
        case PageAct.EMPTY:
            return web.Response(content_type="text/html")
    assert_never(act)


def _form_page(site: Site, request: web.Request, *, status: int = 200) -> web.Response:
    session = site.sessions.find(request) or site.sessions.begin()
    captcha = _captcha_markup() if _wants_captcha(request) else ""
    response = html_page("censo.html", status=status, token=session.load_page(), captcha=captcha)
    response.headers["Cache-Control"] = "no-store, no-cache, must-revalidate"
    set_cookies(request, response, session)
    return response


def _captcha_markup() -> str:
    return (
        f'<div class="g-recaptcha" data-sitekey="{SITEKEY}"></div><script src="/recaptcha/api.js" async defer></script>'
    )


def _wants_captcha(request: web.Request) -> bool:
    return request.query.get("captcha") != "no"


async def _ask(site: Site, request: web.Request) -> web.Response:
    """Answer a question: first what stands before the application, then its checks, then the census."""
    form = await form_of(request)
    cedula = form.get("nuip", "").strip()
    site.journal.write("consulta", cedula=cedula)
    mood = mood_of(cedula)
    met = await gates.meet(site, request, mood.gate, cedula=cedula, form=form)
    if met is not None:
        return met
    refused = _visit_refusal(site, request, form)
    if refused is None:
        refused = _form_refusal(form.get("tipo", ""), cedula)
    return refused if refused is not None else await _answer(site, cedula, mood)


def _visit_refusal(site: Site, request: web.Request, form: dict[str, str]) -> web.Response | None:
    """Return what is wrong with captcha or nonce, in the order in which the site looks."""
    captcha = form.get("g-recaptcha-response", "")
    if _wants_captcha(request) and not captcha:
        return _error(NO_CAPTCHA)
    if not _is_fresh(site.sessions.find(request), form.get("token", "")):
        return _reload()
    if _wants_captcha(request) and not site.tokens.redeem(captcha, own_page(request), SITEKEY):
        return _error(CAPTCHA_REFUSED)
    return None


def _form_refusal(tipo: str, cedula: str) -> web.Response | None:
    if not _NUMBER.fullmatch(cedula):
        return _error(BAD_NUMBER)
    if tipo == NAMED_ELECTION:
        # Whoever picks the named election instead of the current place hears of nobody that they are in its census.
        return _success(fragments.not_found_div(cedula))
    return None if tipo == CURRENT_PLACE else _error(BAD_ELECTION)


def _is_fresh(session: Session | None, nonce: str) -> bool:
    return session is not None and nonce != "" and nonce == session.nonce


async def _answer(site: Site, cedula: str, mood: Mood) -> web.Response:  # noqa: PLR0911 - one line an act
    match mood.act:
        case Act.FOUND:
            return _success(fragments.found(cedula, mood.place(cedula)))
        case Act.FOUND_SLOWLY:
            await asyncio.sleep(site.slow_seconds)
            return _success(fragments.found(cedula, mood.place(cedula)))
        case Act.NOVEDAD | Act.NOVEDAD_AFTER_COLSPAN:
            colspan_row = mood.act is Act.NOVEDAD_AFTER_COLSPAN
            return _success(fragments.novedad(cedula, mood.text, colspan_row=colspan_row))
        case Act.NOT_FOUND:
            return _success(fragments.not_found_div(cedula))
        case Act.NOT_FOUND_AS_ERROR:
            return _error(fragments.not_found(cedula, censo="censo electoral"))
        case Act.UNREADABLE:
            return _success(fragments.unreadable())
        case Act.CAPTCHA_REFUSED:
            return _error(CAPTCHA_REFUSED)
        case Act.ERROR:
            return _error(mood.text)
        case Act.RELOAD:
            return _reload()
    assert_never(mood.act)


def _success(message: str) -> web.Response:
    return _json({"success": True, "data": {"message": message}})


def _error(message: str) -> web.Response:
    return _json({"success": False, "data": {"message": message}})


def _reload() -> web.Response:
    return _json({"success": False, "reload": True})


def _json(reply: dict[str, object]) -> web.Response:
    r"""Encode as PHP's json_encode does: no spaces, `\/` for every slash, `\u00f3` for what is not ASCII."""
    text = json.dumps(reply, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/")
    return web.Response(body=text.encode("ascii"), content_type="application/json")
