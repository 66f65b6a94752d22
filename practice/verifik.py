"""Verifik's voting-place API, simulated: a paid service that answers the same question over HTTP, without a page.

It follows the public documentation (docs.verifik.co): one address, the number in the query, a token in the header, and
replies as printed there. The documentation does not print the replies for refused tokens, spent credits and too many
requests: those texts are ours. It has no reply for a novedad either. Here such people get a record without a voting
place, which the documentation shows once. Errors of captcha or session, which an API does not have, are HTTP 500.
"""

import secrets
import string
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import assert_never

from aiohttp import web

from practice import faults
from practice.census_page import NUMBER, delay
from practice.moods import MAINTENANCE, Answer, Mood, mood_of
from practice.people import Place
from practice.site import Site

PATH = "/verifik/v2/co/registraduria/votacion"
TOKEN = "practica"  # noqa: S105 - valid only here

HUGE = "enorme"
HUGE_TITLE = "Una respuesta de veinte megabytes"
_PIECE = b" " * 1_000_000
_PIECES = 20


@dataclass(frozen=True, slots=True)
class SpecialToken:
    """A token that is refused. `title` is for people; `code` and `message` stand in the reply."""

    token: str
    title: str
    status: int
    code: str
    message: str


SPECIAL_TOKENS = (
    SpecialToken("sin-saldo", "No quedan créditos (HTTP 402)", 402, "PaymentRequired", "Not enough credits."),
    SpecialToken("sin-permiso", "No sirve para esta consulta (HTTP 403)", 403, "Forbidden", "Not allowed."),
    SpecialToken("de-prisa", "Pregunta demasiado (HTTP 429)", 429, "TooManyRequests", "Too many requests."),
)
_SPECIAL = {f"Bearer {special.token}": special for special in SPECIAL_TOKENS}
_UNKNOWN = SpecialToken("", "", 401, "Unauthorized", "Access token is not valid.")


def routes(site: Site) -> list[web.RouteDef]:
    async def ask(request: web.Request) -> web.StreamResponse:
        return await _ask(site, request)

    return [web.get(PATH, ask)]


async def _ask(site: Site, request: web.Request) -> web.StreamResponse:
    """Answer a question: first the faults outside the application, then its checks, then the census."""
    cedula = request.query.get("documentNumber", "")
    if cedula:
        site.journal.write("consulta", cedula=cedula, detail="verifik")
    mood = mood_of(cedula)
    # Every question counts as a new one: this API cannot tell the repetition of a request from a new request.
    broken = await faults.inject(site, request, mood.fault, cedula=cedula, form={"question": secrets.token_hex()})
    if broken is not None:
        return broken
    refused = _refusal(request, cedula)
    if refused is not None:
        return refused
    if request.query.get("animo") == HUGE:
        return await _send_huge_reply(request)
    await delay(site, mood)
    return _answer(cedula, mood)


def _refusal(request: web.Request, cedula: str) -> web.Response | None:
    authorization = request.headers.get("Authorization", "")
    if authorization != f"Bearer {TOKEN}":
        special = _SPECIAL.get(authorization, _UNKNOWN)
        return _error(special.status, special.code, special.message)
    if not cedula:
        return _error(409, "MissingParameter", "missing documentNumber\n")
    if not NUMBER.fullmatch(cedula):
        return _error(409, "MissingParameter", "documentNumber is not valid.\n")
    return None


def _answer(cedula: str, mood: Mood) -> web.Response:  # noqa: PLR0911 - one case per answer
    match mood.answer:
        case Answer.FOUND | Answer.FOUND_SLOWLY | Answer.FOUND_IN_OTHER_CASE:
            return _certified({"data": _record(cedula, mood.place(cedula))}, id=_receipt())
        case Answer.FOUND_BARELY:
            return web.json_response({"data": _record(cedula, mood.place(cedula))})
        case Answer.NOVEDAD | Answer.NOVEDAD_AFTER_COLSPAN:
            return _certified({"data": {"documentNumber": cedula}}, id=_receipt())
        case Answer.NOT_FOUND:
            return _error(404, "NotFound", "Record not found.")
        case Answer.NOT_FOUND_AS_ERROR:
            return _certified({"code": "NotFound", "message": "Record not found."}, status=404)
        case Answer.UNREADABLE:
            return _certified({"data": {"estado": "R-17", "tramite": {"sitio": "Consulte su citación"}}})
        case Answer.ERROR if mood.text == MAINTENANCE:
            return _error(409, "Conflict", "Endpoint out of service.")
        case Answer.ERROR | Answer.CAPTCHA_REFUSED | Answer.RELOAD:
            return _error(500, "InternalServerError", "Server error.")
    assert_never(mood.answer)


def _record(cedula: str, place: Place) -> dict[str, str]:
    return {
        "documentNumber": cedula,
        "NUIP": cedula,
        "department": place.departamento,
        "municipality": place.municipio,
        "votingStation": place.puesto,
        "address": place.direccion,
        "pollingTable": place.mesa,
    }


def _certified(reply: dict[str, object], *, status: int = 200, **more: str) -> web.Response:
    signature = {"dateTime": time.strftime("%B %d, %Y %I:%M %p", time.gmtime()), "message": "Certified by Verifik.co"}
    return web.json_response({**reply, "signature": signature, **more}, status=status)


def _receipt() -> str:
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(5))


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)


async def _send_huge_reply(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    with suppress(ConnectionError):
        for _ in range(_PIECES):
            await response.write(_PIECE)
    return response
