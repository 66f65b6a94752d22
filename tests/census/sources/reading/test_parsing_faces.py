"""The readers of the HTML and the JSON reply, without a browser."""

import json
import time

import pytest

from tests.census.sources.reading.replies import BLOCK_PAGE, CEDULA, FOUND, NOT_FOUND, NOVEDAD
from vereda.census.sources.port import Answer, Cancelled, Failure, FailureKind, Found, NotFound
from vereda.census.sources.reading.html_reply import read_html_reply
from vereda.census.sources.reading.json_reply import read_json_reply

EL_PENOL = Found("EL PEÑOL", "IE LA ESPERANZA", "7", "NARIÑO", "CL 3 No. 4-15")
DECEASED = Cancelled("Cancelada por Muerte", "123", "01/02/2003")
HELP = "<p>Si su documento no se encuentra en el censo, pregunte. Se cancela por muerte. Marque el captcha.</p>"


def whole(inside: str) -> str:
    return f"<!DOCTYPE html><html><head><title>Censo</title></head><body><h1>Consulta</h1>{HELP}{inside}</body></html>"


def read_html(body: str, status: int = 200) -> Answer | Failure:
    return read_html_reply(body, "text/html", status, CEDULA)


PAGES: dict[str, tuple[str, Answer]] = {
    "a table, in no element that is known": (whole(FOUND.replace("id='consulta'", "")), EL_PENOL),
    "a table in the element that is known": (whole(f"<div id=success>{FOUND}</div>"), EL_PENOL),
    "a piece of a page": (FOUND, EL_PENOL),
    "a novedad": (whole(NOVEDAD), DECEASED),
    "a novedad, in no element that is known": (whole(NOVEDAD.replace("id='consulta'", "")), DECEASED),
    "the sentence where the table would be": (whole(f"<div id=consulta>{NOT_FOUND}</div>"), NotFound()),
    "the sentence about the number, anywhere": (whole(f"<main><p>{NOT_FOUND}</p></main>"), NotFound()),
    "the number in the sentence set apart": (
        whole(f"<p>{NOT_FOUND.replace(CEDULA, f'<b>{CEDULA}</b>')}</p>"),
        NotFound(),
    ),
    "a sentence without a number, as a piece of a page": (
        "<p>El documento consultado no se encuentra en el censo para esta elección.</p>",
        NotFound(),
    ),
    "an example of somebody else beside the answer": (
        whole(FOUND.replace(CEDULA, "1234567890").replace("id='consulta'", "") + FOUND.replace("id='consulta'", "")),
        EL_PENOL,
    ),
}


@pytest.mark.parametrize(("page", "answer"), PAGES.values(), ids=PAGES.keys())
def test_an_answer_in_a_page_is_read(page: str, answer: Answer) -> None:
    assert read_html(page) == answer
    assert read_html(page, 500) == answer


NO_PAGES: dict[str, tuple[str, str]] = {
    "the form again": (whole("<form><input name=q><button>CONSULTAR</button></form>"), "parse_error"),
    "a table about somebody else": (whole(FOUND.replace(CEDULA, "19000002")), "parse_error"),
    "a table without a number, in no element that is known": (
        whole(FOUND.replace(CEDULA, "").replace("id='consulta'", "")),
        "parse_error",
    ),
    "the sentence without a number, in no element that is known": (
        whole("<p>El documento consultado no se encuentra en el censo para esta elección.</p>"),
        "parse_error",
    ),
    "the sentence about somebody else": (whole(f"<p>{NOT_FOUND.replace(CEDULA, '19000002')}</p>"), "parse_error"),
    "the sentence within more": (whole(f"<p>Aviso: {NOT_FOUND}</p>"), "parse_error"),
    "the sentence in a script": (whole(f"<script>'{NOT_FOUND}'</script>"), "parse_error"),
    "the sentence in a template": (whole(f"<template><p>{NOT_FOUND}</p></template>"), "parse_error"),
    "no municipio": (whole(FOUND.replace("EL PEÑOL", "")), "parse_error"),
    "JSON": (json.dumps({"success": True, "data": {"message": FOUND}}), "parse_error"),
    "nothing": ("", "parse_error"),
    "a block page": (BLOCK_PAGE, "blocked"),
    "maintenance": (whole("<p>La información se encuentra en actualización.</p>"), "network_error"),
    "a refused captcha": (whole("<div class=alert>Error en la validación del captcha.</div>"), "captcha_failed"),
    "a session that is over": (whole("<div role=alert>Su sesión ha expirado.</div>"), "network_error"),
    "their own error": (whole("<div role=alert>Curl error: Operation timed out</div>"), "network_error"),
    "an unknown complaint": (whole("<div role=alert>Error R-17</div>"), "parse_error"),
}


@pytest.mark.parametrize(("page", "status"), NO_PAGES.values(), ids=NO_PAGES.keys())
def test_a_page_without_an_answer_is_a_failure(page: str, status: str) -> None:
    assert read_html(page).status == status


@pytest.mark.parametrize(("http_status", "status"), [(403, "blocked"), (429, "blocked"), (503, "network_error")])
def test_a_page_that_says_nothing_is_judged_by_its_http_status(http_status: int, status: str) -> None:
    assert read_html(whole(""), http_status).status == status


def test_a_page_of_nothing_but_censuses_is_read_in_time() -> None:
    began = time.process_time()
    assert read_html(whole("<p>el censo</p>" * 50_000)).status == "parse_error"
    assert time.process_time() - began < 2


PLACE = {
    "nuip": int(CEDULA),
    "nom_depto": "NARIÑO",
    "nom_mun": "EL PEÑOL",
    "nom_puesto": "IE LA ESPERANZA",
    "direccion": "CL 3 No. 4-15",
    "mesa": 7,
}


def found(**changed: object) -> dict[str, object]:
    return {"ok": True, "encontrado": True, "data": {**PLACE, **changed}, "mapa": {"lat": 1, "lng": 2, "url": "x"}}


def absent(**details: object) -> dict[str, object]:
    return {"ok": True, "encontrado": False, **details}


def refused(error: object) -> dict[str, object]:
    return {"ok": False, "error": error}


def read_json(reply: object, status: int = 200) -> Answer | Failure:
    return read_json_reply(json.dumps(reply), "application/json", status, CEDULA)


ANSWERS: dict[str, tuple[object, Answer]] = {
    "the captured reply": (found(), EL_PENOL),
    "without a map": ({"ok": True, "encontrado": True, "data": PLACE}, EL_PENOL),
    "numbers as text": (found(nuip=CEDULA, mesa="7"), EL_PENOL),
    "numbers with a point": (found(nuip=float(CEDULA), mesa=7.0), EL_PENOL),
    "keys in capitals": (
        {"OK": True, "Encontrado": True, "DATA": {key.upper(): value for key, value in PLACE.items()}},
        EL_PENOL,
    ),
    "signs that are markup elsewhere": (
        found(nom_puesto='IE "LA MUERTE" & CIA <NOVEDAD>'),
        Found("EL PEÑOL", 'IE "LA MUERTE" & CIA <NOVEDAD>', "7", "NARIÑO", "CL 3 No. 4-15"),
    ),
    "what databases refuse": (
        found(nom_puesto="IE\0 LA ESPERANZA", direccion="\ud800"),
        Found("EL PEÑOL", "IE LA ESPERANZA", "7", "NARIÑO", ""),
    ),
    "no departamento and no address": (
        found(nom_depto=None, direccion="---"),
        Found("EL PEÑOL", "IE LA ESPERANZA", "7"),
    ),
    "a novedad, described": (
        absent(novedad=True, mensaje="El documento presenta una novedad", descripcion="Cancelada por Muerte"),
        Cancelled("Cancelada por Muerte"),
    ),
    "a novedad in the message": (
        absent(novedad=True, mensaje="Cancelada por Muerte", descripcion="Acérquese a la Registraduría"),
        Cancelled("Cancelada por Muerte"),
    ),
    "a novedad that nobody knows": (
        absent(novedad=True, mensaje="Presenta novedad", descripcion="Baja por trashumancia"),
        Cancelled("Baja por trashumancia"),
    ),
    "a novedad with markup": (
        absent(novedad=True, mensaje="<b>Cancelada</b> por Muerte"),
        Cancelled("Cancelada por Muerte"),
    ),
    "a death beside the sentence of absence": (
        absent(novedad=True, mensaje="Cancelada por Muerte", descripcion=NOT_FOUND),
        Cancelled("Cancelada por Muerte"),
    ),
    "an absence in the known words": (absent(mensaje=NOT_FOUND), NotFound()),
    "an absence as a novedad": (absent(novedad=True, mensaje=NOT_FOUND), NotFound()),
    "an absence by its flag, in other words": (
        absent(novedad=False, mensaje="El documento no figura en el censo electoral"),
        NotFound(),
    ),
}


@pytest.mark.parametrize(("reply", "answer"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_in_json_is_read(reply: object, answer: Answer) -> None:
    assert read_json(reply) == answer


FAILURES: dict[str, tuple[object, str]] = {
    "no municipio": (found(nom_mun=""), "parse_error"),
    "no puesto": (found(nom_puesto=None), "parse_error"),
    "no mesa": (found(mesa="--"), "parse_error"),
    "a mesa that is true": (found(mesa=True), "parse_error"),
    "a mesa without end": (found(mesa=float("inf")), "parse_error"),
    "a puesto longer than any": (found(nom_puesto="X" * 5000), "parse_error"),
    "somebody else's place": (found(nuip=19000002), "parse_error"),
    "a place without its fields": ({"ok": True, "encontrado": True}, "parse_error"),
    "fields that are a list": ({"ok": True, "encontrado": True, "data": [PLACE]}, "parse_error"),
    "a place in a reply that says nobody is there": (absent(data=PLACE, mensaje=NOT_FOUND), "parse_error"),
    "a place beside a novedad": ({**found(), "novedad": True, "mensaje": "Cancelada por Muerte"}, "parse_error"),
    "a novedad with a place": (absent(novedad=True, mensaje="Cancelada por Muerte", data=PLACE), "parse_error"),
    "a novedad without words": (absent(novedad=True), "parse_error"),
    "a novedad of somebody else": (
        absent(novedad=True, mensaje="Cancelada por Muerte", documento="19000002"),
        "parse_error",
    ),
    "an absence without words": (absent(), "parse_error"),
    "an absence by its flag alone": (absent(novedad=False), "parse_error"),
    "an absence in unknown words": (absent(mensaje="El documento no figura en el censo"), "parse_error"),
    "an absence by its flag in words about a service": (
        absent(novedad=False, mensaje="El servicio no se encuentra en línea"),
        "parse_error",
    ),
    "an absence on a condition": (
        absent(novedad=False, mensaje="El documento si no figura en el censo se inscribe"),
        "parse_error",
    ),
    "an absence of somebody else": (absent(mensaje=NOT_FOUND.replace(CEDULA, "19000002")), "parse_error"),
    "an absence of another number": (absent(nuip=19000002, mensaje=NOT_FOUND), "parse_error"),
    "an absence while the census is updated": (
        absent(mensaje="La información se encuentra en actualización."),
        "network_error",
    ),
    "an absence for want of a captcha": (absent(novedad=False, mensaje="Captcha inválido"), "captcha_failed"),
    "the sentence in a reply that says it failed": (refused(NOT_FOUND), "parse_error"),
    "the same key twice": ({"ok": True, "encontrado": True, "Encontrado": False, "data": PLACE}, "parse_error"),
    "ok as text": ({**found(), "ok": "true"}, "parse_error"),
    "no ok": ({"encontrado": True, "data": PLACE}, "parse_error"),
    "found as a number": ({**found(), "encontrado": 1}, "parse_error"),
    "a refused captcha": (refused("Captcha no válido"), "captcha_failed"),
    "a token that is too old": (refused("Token inválido o expirado"), "captcha_failed"),
    "a session that is over": (refused("La sesión ha expirado"), "network_error"),
    "a session's token that is too old": (refused("Token de sesión expirado"), "network_error"),
    "their own time-out": (refused("Curl error: Operation timed out"), "network_error"),
    "their service is away": (refused("Servicio no disponible"), "network_error"),
    "maintenance": (refused("La información se encuentra en actualización. Intente más tarde."), "network_error"),
    "an unknown complaint": (refused("Error 17"), "parse_error"),
    "a complaint that is no text": (refused({"code": 5}), "parse_error"),
    "no complaint": ({"ok": False}, "parse_error"),
    "an AJAX reply": ({"success": True, "data": {"message": FOUND}}, "parse_error"),
    "a list": ([found()], "parse_error"),
    "null": (None, "parse_error"),
}


@pytest.mark.parametrize(("reply", "status"), FAILURES.values(), ids=FAILURES.keys())
def test_json_without_an_answer_is_a_failure(reply: object, status: str) -> None:
    assert read_json(reply).status == status


@pytest.mark.parametrize(("http_status", "status"), [(403, "blocked"), (429, "blocked"), (502, "network_error")])
def test_json_that_says_nothing_is_judged_by_its_http_status(http_status: int, status: str) -> None:
    assert read_json(refused("Error 17"), http_status).status == status
    assert read_json(found(), http_status) == EL_PENOL


@pytest.mark.parametrize(
    ("body", "status"),
    [(BLOCK_PAGE, "blocked"), ("", "parse_error"), (FOUND, "parse_error"), ('{"ok":true,', "parse_error")],
)
def test_what_is_no_json_is_judged_as_a_page(body: str, status: str) -> None:
    assert read_json_reply(body, "text/html", 200, CEDULA).status == status


def test_a_reply_in_json_about_somebody_else_leaves_no_evidence_of_them() -> None:
    outcome = read_json(found(nuip=19000002))
    assert outcome == Failure(FailureKind.PARSE_ERROR, "the result is about another number")
