"""The JSON face of the census page: its script draws the form, posts JSON and gets JSON.

As consultacenso.registraduria.gov.co has done since July 2026. Nobody captured its sentences: they are ours.
"""

import secrets
from collections.abc import Mapping
from typing import assert_never

from aiohttp import web
from yarl import URL

from practice import faults, fragments
from practice.census_page import BAD_ELECTION, BAD_NUMBER, NUMBER, delay, send_form, wants_captcha
from practice.moods import Answer, Fault, Mood, mood_of
from practice.people import Place
from practice.render import script
from practice.request_body import json_of
from practice.site import SITEKEY, Site
from practice.tokens import page_of

API = "/back/api/"
CURRENT_PLACE = 0
FIREWALL_COOKIE = "BIGipServerback"

CAPTCHA_REFUSED = "Token de captcha inválido o expirado"
SESSION_OVER = "La sesión ha expirado. Recargue la página."
HAS_NOVEDAD = "El documento consultado presenta una novedad."
GO_THERE = "Para más información acérquese a la Registraduría más cercana."
NO_SUCH = "El documento no figura en el censo electoral."

type Reply = dict[str, object]


def routes(site: Site) -> list[web.RouteDef]:
    async def elections(_: web.Request) -> web.Response:
        current = {"id": CURRENT_PLACE, "nombre": "LUGAR DE VOTACION ACTUAL", "mensaje": ""}
        return web.json_response({"ok": True, "data": [current]})

    async def consult(request: web.Request) -> web.Response:
        return await _consult(site, request)

    async def own_script(_: web.Request) -> web.Response:
        return script("consultacenso.js")

    return [
        web.get("/consultacenso/app.js", own_script),
        web.get(f"{API}elecciones", elections),
        web.post(f"{API}consulta", consult),
    ]


def form_page(site: Site, request: web.Request, status: int = 200) -> web.Response:
    """Return the page. It sets the firewall's cookie, without which every question is blocked."""
    response = send_form(site, request, "consultacenso.html", status=status)
    if FIREWALL_COOKIE not in request.cookies:
        response.set_cookie(FIREWALL_COOKIE, secrets.token_hex(8), httponly=True, secure=request.secure)
    return response


async def _consult(site: Site, request: web.Request) -> web.Response:
    """Answer a question: first the faults outside the application, then its checks, then the census."""
    question = await _question(request)
    cedula = question["documento"]
    site.journal.write("consulta", cedula=cedula)
    mood = mood_of(cedula)
    fault = mood.fault if FIREWALL_COOKIE in request.cookies else Fault.BLOCK_PAGE
    broken = await faults.inject(site, request, fault, cedula=cedula, form=question)
    if broken is not None:
        return broken
    refusal = _refusal(site, request, question)
    if refusal:
        return web.json_response(_failure(refusal))
    await delay(site, mood)
    return web.json_response(_answer(cedula, mood))


async def _question(request: web.Request) -> dict[str, str]:
    """Return the question's three fields as text, empty where one is missing."""
    posted = await json_of(request)
    return {name: str(posted.get(name, "")) for name in ("documento", "eleccionId", "captchaToken")}


def _refusal(site: Site, request: web.Request, question: Mapping[str, str]) -> str:
    page = request.headers.get("Referer", "")
    if _has_captcha(page) and not site.tokens.redeem(question["captchaToken"], page_of(page), SITEKEY):
        return CAPTCHA_REFUSED
    if not NUMBER.fullmatch(question["documento"]):
        return BAD_NUMBER
    return "" if question["eleccionId"] == str(CURRENT_PLACE) else BAD_ELECTION


def _has_captcha(page: str) -> bool:
    """Say whether the page that sent the question, by its Referer, has a captcha."""
    try:
        return wants_captcha(URL(page).query)
    except ValueError:
        return True


def _answer(cedula: str, mood: Mood) -> Reply:  # noqa: PLR0911 - one case per answer
    match mood.answer:
        case Answer.FOUND | Answer.FOUND_SLOWLY | Answer.FOUND_IN_OTHER_CASE | Answer.FOUND_BARELY:
            return _found(cedula, mood)
        case Answer.NOVEDAD:
            return _absent(novedad=True, mensaje=HAS_NOVEDAD, descripcion=mood.text)
        case Answer.NOVEDAD_AFTER_COLSPAN:
            return _absent(novedad=True, mensaje=mood.text, descripcion=GO_THERE)
        case Answer.NOT_FOUND:
            return _absent(mensaje=fragments.not_found(cedula))
        case Answer.NOT_FOUND_AS_ERROR:
            return _absent(novedad=False, mensaje=NO_SUCH)
        case Answer.UNREADABLE:
            return {"ok": True, "estado": "R-17", "tramite": {"sitio": "Consulte su citación"}}
        case Answer.CAPTCHA_REFUSED:
            return _failure(CAPTCHA_REFUSED)
        case Answer.ERROR:
            return _failure(mood.text)
        case Answer.RELOAD:
            return _failure(SESSION_OVER)
    assert_never(mood.answer)


def _found(cedula: str, mood: Mood) -> Reply:
    """Return a voting place as captured: numbers as numbers, and details that not every client has received."""
    place = mood.place(cedula)
    if mood.answer is Answer.FOUND_BARELY:
        return {"ok": True, "encontrado": True, "data": {"nuip": cedula, **_place(place)}}
    details = {"nuip": int(cedula), **_place(place), "mesa": int(place.mesa)}
    reply: Reply = {
        "ok": True,
        "encontrado": True,
        "data": {**details, "fingreso": "12/10/2007", "coddivipol": "280010302"},
        "mapa": {"lat": 9.3, "lng": -75.4, "url": "/mapa"},
    }
    return _in_capitals(reply) if mood.answer is Answer.FOUND_IN_OTHER_CASE else reply


def _place(place: Place) -> Reply:
    return {
        "nom_depto": place.departamento,
        "nom_mun": place.municipio,
        "nom_puesto": place.puesto,
        "direccion": place.direccion,
        "mesa": place.mesa,
    }


def _in_capitals(reply: Reply) -> Reply:
    return {key.upper(): _in_capitals(inner) if isinstance(inner, dict) else inner for key, inner in reply.items()}


def _absent(**details: object) -> Reply:
    return {"ok": True, "encontrado": False, **details}


def _failure(error: str) -> Reply:
    return {"ok": False, "error": error}
