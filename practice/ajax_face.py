"""The AJAX face of the census page: a form whose script posts to the same address and gets JSON with HTML inside.

As the real site did in July 2026. Where nobody captured what it says, a comment says that the text is ours.
"""

import json
from typing import assert_never

from aiohttp import web

from practice import faults, fragments
from practice.census_page import BAD_ELECTION, BAD_NUMBER, CAPTCHA_REFUSED, NUMBER, delay, send_form, wants_captcha
from practice.moods import Answer, Mood, mood_of
from practice.request_body import form_of
from practice.sessions import Session
from practice.site import SITEKEY, Site
from practice.tokens import own_page

CURRENT_PLACE = "-1"
NAMED_ELECTION = "677"

NO_CAPTCHA = "Marque el cuadro de verificación o captcha!"


def form_page(site: Site, request: web.Request, status: int = 200) -> web.Response:
    return send_form(site, request, "censo.html", status=status)


async def ask(site: Site, request: web.Request) -> web.Response:
    """Answer a form: first the faults outside the application, then its checks, then the census."""
    form = await form_of(request)
    cedula = form.get("nuip", "").strip()
    site.journal.write("consulta", cedula=cedula)
    mood = mood_of(cedula)
    broken = await faults.inject(site, request, mood.fault, cedula=cedula, form=form)
    if broken is not None:
        return broken
    refused = _session_refusal(site, request, form)
    if refused is None:
        refused = _form_refusal(form.get("tipo", ""), cedula)
    if refused is not None:
        return refused
    await delay(site, mood)
    return _answer(cedula, mood)


def _session_refusal(site: Site, request: web.Request, form: dict[str, str]) -> web.Response | None:
    """Check captcha and nonce, in the order of the real site. Returns nothing if both are good."""
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
        # As on the real site: for the named election, nobody is in the census.
        return _success(fragments.not_found_div(cedula))
    return None if tipo == CURRENT_PLACE else _error(BAD_ELECTION)


def _is_fresh(session: Session | None, nonce: str) -> bool:
    return session is not None and nonce != "" and nonce == session.nonce


def _answer(cedula: str, mood: Mood) -> web.Response:  # noqa: PLR0911 - one case per answer
    match mood.answer:
        case Answer.FOUND | Answer.FOUND_SLOWLY | Answer.FOUND_BARELY:
            return _success(fragments.found(cedula, mood.place(cedula)))
        case Answer.FOUND_IN_OTHER_CASE:
            return _success(fragments.found(cedula, mood.place(cedula), is_lower=True))
        case Answer.NOVEDAD | Answer.NOVEDAD_AFTER_COLSPAN:
            colspan_row = mood.answer is Answer.NOVEDAD_AFTER_COLSPAN
            return _success(fragments.novedad(cedula, mood.text, colspan_row=colspan_row))
        case Answer.NOT_FOUND:
            return _success(fragments.not_found_div(cedula))
        case Answer.NOT_FOUND_AS_ERROR:
            return _error(fragments.not_found(cedula, censo="censo electoral"))
        case Answer.UNREADABLE:
            return _success(fragments.unreadable())
        case Answer.CAPTCHA_REFUSED:
            return _error(CAPTCHA_REFUSED)
        case Answer.ERROR:
            return _error(mood.text)
        case Answer.RELOAD:
            return _reload()
    assert_never(mood.answer)


def _success(message: str) -> web.Response:
    return _json({"success": True, "data": {"message": message}})


def _error(message: str) -> web.Response:
    return _json({"success": False, "data": {"message": message}})


def _reload() -> web.Response:
    return _json({"success": False, "reload": True})


def _json(reply: dict[str, object]) -> web.Response:
    r"""Encode as PHP's json_encode does: no spaces, `\/` for a slash, `\u00f3` for a letter that is not ASCII."""
    text = json.dumps(reply, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/")
    return web.Response(body=text.encode("ascii"), content_type="application/json")
