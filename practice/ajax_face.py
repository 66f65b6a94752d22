"""The AJAX dialect of the census page: a form whose script posts to the same address and gets JSON with HTML inside.

As the real site spoke it in July 2026. Where nobody captured what it says, a comment says that we chose.
"""

import json
from typing import assert_never

from aiohttp import web

from practice import faults, fragments
from practice.census_page import BAD_ELECTION, BAD_NUMBER, CAPTCHA_REFUSED, NUMBER, send_form, take_time, wants_captcha
from practice.moods import Act, Mood, mood_of
from practice.request_body import form_of
from practice.sessions import Session
from practice.site import SITEKEY, Site
from practice.tokens import own_page

CURRENT_PLACE = "-1"
NAMED_ELECTION = "677"

NO_CAPTCHA = "Marque el cuadro de verificación o captcha!"


def form_page(site: Site, request: web.Request, status: int = 200) -> web.Response:
    """Return the page with the empty form."""
    return send_form(site, request, "censo.html", status=status)


async def ask(site: Site, request: web.Request) -> web.Response:
    """Answer a question: first what stands before the application, then its checks, then the census."""
    form = await form_of(request)
    cedula = form.get("nuip", "").strip()
    site.journal.write("consulta", cedula=cedula)
    mood = mood_of(cedula)
    met = await faults.meet(site, request, mood.gate, cedula=cedula, form=form)
    if met is not None:
        return met
    refused = _visit_refusal(site, request, form)
    if refused is None:
        refused = _form_refusal(form.get("tipo", ""), cedula)
    if refused is not None:
        return refused
    await take_time(site, mood)
    return _answer(cedula, mood)


def _visit_refusal(site: Site, request: web.Request, form: dict[str, str]) -> web.Response | None:
    """Return what is wrong with captcha or nonce, in the order in which the site looks."""
    captcha = form.get("g-recaptcha-response", "")
    if wants_captcha(request.query) and not captcha:
        return _error(NO_CAPTCHA)
    if not _is_fresh(site.sessions.find(request), form.get("token", "")):
        return _reload()
    if wants_captcha(request.query) and not site.tokens.redeem(captcha, own_page(request), SITEKEY):
        return _error(CAPTCHA_REFUSED)
    return None


def _form_refusal(tipo: str, cedula: str) -> web.Response | None:
    if not NUMBER.fullmatch(cedula):
        return _error(BAD_NUMBER)
    if tipo == NAMED_ELECTION:
        # Whoever picks the named election instead of the current place hears of nobody that they are in its census.
        return _success(fragments.not_found_div(cedula))
    return None if tipo == CURRENT_PLACE else _error(BAD_ELECTION)


def _is_fresh(session: Session | None, nonce: str) -> bool:
    return session is not None and nonce != "" and nonce == session.nonce


def _answer(cedula: str, mood: Mood) -> web.Response:  # noqa: PLR0911 - one line an act
    match mood.act:
        case Act.FOUND | Act.FOUND_SLOWLY | Act.FOUND_BARELY:
            return _success(fragments.found(cedula, mood.place(cedula)))
        case Act.FOUND_IN_OTHER_CASE:
            return _success(fragments.found(cedula, mood.place(cedula), is_lower=True))
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
