"""The HTML face of the census page: a plain form, answered with a whole page that has the same tables.

As consultacenso.registraduria.gov.co showed it in January 2026. Only this is known of its markup: a text field, a list
of elections, a button "CONSULTAR", and an overlay that covers the form while it loads. The rest is ours.
"""

from typing import assert_never

from aiohttp import web

from practice import faults, fragments
from practice.census_page import BAD_ELECTION, BAD_NUMBER, CAPTCHA_REFUSED, NUMBER, delay, send_form, wants_captcha
from practice.moods import Answer, Mood, mood_of
from practice.request_body import form_of
from practice.site import SITEKEY, Site
from practice.tokens import own_page

CURRENT_PLACE = "-1"
NAMED_ELECTION = "677"

SESSION_OVER = "Su sesión ha expirado. Por favor realice la consulta nuevamente."


def form_page(site: Site, request: web.Request, status: int = 200, answer: str = "") -> web.Response:
    """Return the page: the empty form, and the answer below it."""
    milliseconds = str(int(site.overlay_seconds * 1000))
    return send_form(site, request, "consultar.html", status=status, answer=answer, overlay_milliseconds=milliseconds)


async def ask(site: Site, request: web.Request) -> web.Response:
    """Answer a form: first the faults outside the application, then its checks, then the census."""
    form = await form_of(request)
    cedula = form.get("numero", "").strip()
    site.journal.write("consulta", cedula=cedula)
    mood = mood_of(cedula)
    broken = await faults.inject(site, request, mood.fault, cedula=cedula, form=form)
    if broken is not None:
        return broken
    refusal = _refusal(site, request, form)
    if refusal:
        return form_page(site, request, answer=refusal)
    await delay(site, mood)
    return form_page(site, request, answer=_answer(cedula, mood))


def _refusal(site: Site, request: web.Request, form: dict[str, str]) -> str:
    """Check captcha, number and election. Returns an empty text if all are good."""
    cedula, election = form.get("numero", "").strip(), form.get("eleccion", "")
    captcha = form.get("g-recaptcha-response", "")
    if wants_captcha(request.query) and not site.tokens.redeem(captcha, own_page(request), SITEKEY):
        return fragments.alert(CAPTCHA_REFUSED)
    if not NUMBER.fullmatch(cedula):
        return fragments.alert(BAD_NUMBER)
    if election == NAMED_ELECTION:
        # As on the real site: for the named election, nobody is in the census.
        return fragments.not_found_div(cedula)
    return "" if election == CURRENT_PLACE else fragments.alert(BAD_ELECTION)


def _answer(cedula: str, mood: Mood) -> str:  # noqa: PLR0911 - one case per answer
    match mood.answer:
        case Answer.FOUND | Answer.FOUND_SLOWLY | Answer.FOUND_BARELY:
            return fragments.found(cedula, mood.place(cedula))
        case Answer.FOUND_IN_OTHER_CASE:
            return fragments.found(cedula, mood.place(cedula), is_lower=True)
        case Answer.NOVEDAD | Answer.NOVEDAD_AFTER_COLSPAN:
            colspan_row = mood.answer is Answer.NOVEDAD_AFTER_COLSPAN
            return fragments.novedad(cedula, mood.text, colspan_row=colspan_row)
        case Answer.NOT_FOUND:
            return fragments.not_found_div(cedula)
        case Answer.NOT_FOUND_AS_ERROR:
            return fragments.alert(fragments.not_found(cedula, censo="censo electoral"))
        case Answer.UNREADABLE:
            return fragments.unreadable()
        case Answer.CAPTCHA_REFUSED:
            return fragments.alert(CAPTCHA_REFUSED)
        case Answer.ERROR:
            return fragments.alert(mood.text)
        case Answer.RELOAD:
            return fragments.alert(SESSION_OVER)
    assert_never(mood.answer)
