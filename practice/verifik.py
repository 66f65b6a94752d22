"""Verifik's voting-place API: a stand-in for the service that answers the same question over plain HTTP, for money.

By its public documentation (docs.verifik.co): one address, the number in the query, a token in the header, and each
reply as printed there. Of these nobody printed what it says, so the words are ours: refused tokens, spent credits and
haste. It has no word for a novedad either; here such people have a record without a voting place, a shape in which the
documentation shows a record once. What a page would say of captcha or session is this service's own trouble, HTTP 500.
"""

import secrets
import string
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import assert_never

from aiohttp import web

from practice import faults
from practice.census_page import NUMBER, take_time
from practice.moods import MAINTENANCE, Act, Mood, mood_of
from practice.people import Place
from practice.site import Site

PATH = "/verifik/v2/co/registraduria/votacion"
TOKEN = "practica"  # noqa: S105 - opens nothing but this

HUGE = "enorme"
HUGE_TITLE = "Una respuesta de veinte megabytes"
_PIECE = b" " * 1_000_000
_PIECES = 20


@dataclass(frozen=True, slots=True)
class SpecialToken:
    """A token that is refused. `title` is for people; `code` and `message` are what the service says."""

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
    """Return the service's one address."""

    async def ask(request: web.Request) -> web.StreamResponse:
        return await _ask(site, request)

    return [web.get(PATH, ask)]


async def _ask(site: Site, request: web.Request) -> web.StreamResponse:
    """Answer a question: first what stands before the application, then its checks, then the census."""
    cedula = request.query.get("documentNumber", "")
    if cedula:
        site.journal.write("consulta", cedula=cedula, detail="verifik")
    mood = mood_of(cedula)
    # Every question counts: one that a client repeats by itself cannot be told from a new one.
    met = await faults.meet(site, request, mood.gate, cedula=cedula, form={"question": secrets.token_hex()})
    if met is not None:
        return met
    refused = _refusal(request, cedula)
    if refused is not None:
        return refused
    if request.query.get("animo") == HUGE:
        return await _send_much(request)
    await take_time(site, mood)
    return _answer(cedula, mood)


def _refusal(request: web.Request, cedula: str) -> web.Response | None:
    authorization = request.headers.get("Authorization", "")
    if authorization != f"Bearer {TOKEN}":
        special = _SPECIAL.get(authorization, _UNKNOWN)
        return _complaint(special.status, special.code, special.message)
    if not cedula:
        return _complaint(409, "MissingParameter", "missing documentNumber\n")
    if not NUMBER.fullmatch(cedula):
        return _complaint(409, "MissingParameter", "documentNumber is not valid.\n")
    return None


def _answer(cedula: str, mood: Mood) -> web.Response:  # noqa: PLR0911 - one line an act
    match mood.act:
        case Act.FOUND | Act.FOUND_SLOWLY | Act.FOUND_IN_OTHER_CASE:
            return _certified({"data": _record(cedula, mood.place(cedula))}, id=_receipt())
        case Act.FOUND_BARELY:
            return web.json_response({"data": _record(cedula, mood.place(cedula))})
        case Act.NOVEDAD | Act.NOVEDAD_AFTER_COLSPAN:
            return _certified({"data": {"documentNumber": cedula}}, id=_receipt())
        case Act.NOT_FOUND:
            return _complaint(404, "NotFound", "Record not found.")
        case Act.NOT_FOUND_AS_ERROR:
            return _certified({"code": "NotFound", "message": "Record not found."}, status=404)
        case Act.UNREADABLE:
            return _certified({"data": {"estado": "R-17", "tramite": {"sitio": "Consulte su citación"}}})
        case Act.ERROR if mood.text == MAINTENANCE:
            return _complaint(409, "Conflict", "Endpoint out of service.")
        case Act.ERROR | Act.CAPTCHA_REFUSED | Act.RELOAD:
            return _complaint(500, "InternalServerError", "Server error.")
    assert_never(mood.act)


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


def _complaint(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)


async def _send_much(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    with suppress(ConnectionError):
        for _ in range(_PIECES):
            await response.write(_PIECE)
    return response
