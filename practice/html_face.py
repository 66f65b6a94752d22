"""The HTML face of the census page: a plain form, and a whole page with the same tables for an answer.

As consultacenso.registraduria.gov.co showed it in January 2026. Of its markup only this is known: a text field, a list
of elections, a button "CONSULTAR", and a cover over the form until it is ready. The rest is ours.
"""

from typing import assert_never

from aiohttp import web

from practice import faults, fragments
from practice.census_page import BAD_ELECTION, BAD_NUMBER, CAPTCHA_REFUSED, NUMBER, send_form, take_time, wants_captcha
from practice.moods import Act, Mood, mood_of
from practice.request_body import form_of
from practice.site import SITEKEY, Site
from practice.tokens import own_page

CURRENT_PLACE = "-1"
NAMED_ELECTION = "677"

SESSION_OVER = "Su sesión ha expirado. Por favor realice la consulta nuevamente."


def form_page(site: Site, request: web.Request, status: int = 200, answer: str = "") -> web.Response:
    """Return the page, with the empty form and below it what was answered."""
    cover = str(int(site.overlay_seconds * 1000))
    return send_form(site, request, "consultar.html", status=status, answer=answer, cover_milliseconds=cover)


async def ask(site: Site, request: web.Request) -> web.Response:
    """Answer a question: first what stands before the application, then its checks, then the census."""
    form = await form_of(request)
    cedula = form.get("numero", "").strip()
    site.journal.write("consulta", cedula=cedula)
    mood = mood_of(cedula)
    met = await faults.meet(site, request, mood.gate, cedula=cedula, form=form)
    if met is not None:
        return met
    refusal = _refusal(site, request, form)
    if refusal:
        return form_page(site, request, answer=refusal)
    await take_time(site, mood)
    return form_page(site, request, answer=_answer(cedula, mood))


def _refusal(site: Site, request: web.Request, form: dict[str, str]) -> str:
    """Return what is wrong with captcha, number or election; nothing if all is well."""
    cedula, election = form.get("numero", "").strip(), form.get("eleccion", "")
    captcha = form.get("g-recaptcha-response", "")
    if wants_captcha(request.query) and not site.tokens.redeem(captcha, own_page(request), SITEKEY):
        return fragments.alert(CAPTCHA_REFUSED)
    if not NUMBER.fullmatch(cedula):
        return fragments.alert(BAD_NUMBER)
    if election == NAMED_ELECTION:
        # Whoever picks the named election instead of the current place hears of nobody that they are in its census.
        return fragments.not_found_div(cedula)
    return "" if election == CURRENT_PLACE else fragments.alert(BAD_ELECTION)


def _answer(cedula: str, mood: Mood) -> str:  # noqa: PLR0911 - one line an act
    match mood.act:
        case Act.FOUND | Act.FOUND_SLOWLY | Act.FOUND_BARELY:
            return fragments.found(cedula, mood.place(cedula))
        case Act.FOUND_IN_OTHER_CASE:
            return fragments.found(cedula, mood.place(cedula), is_lower=True)
        case Act.NOVEDAD | Act.NOVEDAD_AFTER_COLSPAN:
            colspan_row = mood.act is Act.NOVEDAD_AFTER_COLSPAN
            return fragments.novedad(cedula, mood.text, colspan_row=colspan_row)
        case Act.NOT_FOUND:
            return fragments.not_found_div(cedula)
        case Act.NOT_FOUND_AS_ERROR:
            return fragments.alert(fragments.not_found(cedula, censo="censo electoral"))
        case Act.UNREADABLE:
            return fragments.unreadable()
        case Act.CAPTCHA_REFUSED:
            return fragments.alert(CAPTCHA_REFUSED)
        case Act.ERROR:
            return fragments.alert(mood.text)
        case Act.RELOAD:
            return fragments.alert(SESSION_OVER)
    assert_never(mood.act)
