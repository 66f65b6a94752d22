import json

import pytest

from tests.census.sources.reading.replies import BLOCK_PAGE, CEDULA, FOUND, NOT_FOUND, NOVEDAD, refusal, success
from vereda.census.sources.port import Answer, Cancelled, Failure, FailureKind, Found, NotFound
from vereda.census.sources.reading.parsing import read_ajax_reply, read_result_html, read_unknown_page

EL_PENOL = Found("EL PEÑOL", "IE LA ESPERANZA", "7", "NARIÑO", "CL 3 No. 4-15")
DECEASED = Cancelled("Cancelada por Muerte", "123", "01/02/2003")


def read(body: str, *, status: int = 200, content_type: str = "application/json") -> Answer | Failure:
    return read_ajax_reply(body, content_type, status, CEDULA)


def kind_of_failure(outcome: Answer | Failure) -> FailureKind:
    assert isinstance(outcome, Failure), outcome
    return outcome.kind


ANSWERS = {
    "the captured reply": (FOUND, EL_PENOL),
    "cells without data-th, under headers": (FOUND.replace("data-th", "data-x"), EL_PENOL),
    "cells with data-th, without headers": (FOUND.replace("<th ", "<td ").replace("</th>", "</td>"), EL_PENOL),
    "headers in another case and without accents": (
        FOUND.replace("DIRECCIÓN", "Direccion").replace("'PUESTO'", "'Puesto '").replace("MESA", "Mesa:"),
        EL_PENOL,
    ),
    "a title row above the headers": (
        FOUND.replace("<thead>", "<thead><tr><th colspan='6'>INFORMACIÓN DEL LUGAR DE VOTACIÓN</th></tr>"),
        EL_PENOL,
    ),
    "the table inside a table for layout": (f"<table><tr><td>{FOUND}</td></tr></table>", EL_PENOL),
    "a voting place in a help text that says nobody is there": (
        f"<p>Si su documento no se encuentra en el censo, pregunte.</p>{FOUND}",
        EL_PENOL,
    ),
    "hostile words in the cells": (
        FOUND.replace("IE LA ESPERANZA", "IE LA BUENA MUERTE").replace("CL 3", "VEREDA CANCELADA NOVEDAD"),
        Found("EL PEÑOL", "IE LA BUENA MUERTE", "7", "NARIÑO", "VEREDA CANCELADA NOVEDAD No. 4-15"),
    ),
    "markup and entities in the cells": (
        FOUND.replace("IE LA ESPERANZA", "IE&nbsp;LA<br>\n  <b>ESPERANZA</b> &lt;A&amp;B&gt;<script>x()</script>"),
        Found("EL PEÑOL", "IE LA ESPERANZA <A&B>", "7", "NARIÑO", "CL 3 No. 4-15"),
    ),
    "an address that holds the building's name": (
        FOUND.replace("CL 3 No. 4-15", "IE EL CHOCHO"),
        Found("EL PEÑOL", "IE LA ESPERANZA", "7", "NARIÑO", "IE EL CHOCHO"),
    ),
    "no departamento and no address": (
        FOUND.replace("NARIÑO", "").replace("CL 3 No. 4-15", " --- "),
        Found("EL PEÑOL", "IE LA ESPERANZA", "7"),
    ),
    "the same voting place twice": (
        FOUND.replace("</tbody>", FOUND.partition("<tbody>")[2].partition("</tbody>")[0] + "</tbody>"),
        EL_PENOL,
    ),
    "a formatted number": (FOUND.replace(">19000001<", ">19.000.001<"), EL_PENOL),
    "a masked number": (FOUND.replace(">19000001<", ">****0001<"), EL_PENOL),
    "the result element of a whole page": (
        f"<!DOCTYPE html><html><body><p>CANCELADA</p><div id='success'>{FOUND}</div></body></html>",
        EL_PENOL,
    ),
    "a novedad": (NOVEDAD, DECEASED),
    "a novedad after a row that spans the table": (
        NOVEDAD.replace("<tbody>", "<tbody><tr><td colspan='4'>El documento presenta una novedad:</td></tr>"),
        DECEASED,
    ),
    "a novedad beside a voting place": (NOVEDAD + FOUND, DECEASED),
    "an empty novedad beside a voting place": (NOVEDAD.replace("Cancelada por Muerte", " ") + FOUND, EL_PENOL),
    "a novedad without resolución and date": (
        NOVEDAD.replace("123", "").replace("01/02/2003", ""),
        Cancelled("Cancelada por Muerte"),
    ),
    "not in the census": (NOT_FOUND, NotFound()),
    "not in the census, in a DIV where the table would be": (f"<div id='consulta'>{NOT_FOUND}</div>", NotFound()),
    "not in the census, called electoral": (
        "El documento consultado no se encuentra en el censo electoral para esta elección.",
        NotFound(),
    ),
    "not in the census, in capitals without accents": (
        "EL DOCUMENTO DE IDENTIDAD NUMERO 19.000.001 NO SE ENCUENTRA EN EL CENSO PARA ESTA ELECCION",
        NotFound(),
    ),
    "not in the census, as a novedad": (
        NOVEDAD.replace("Cancelada por Muerte", "No se encuentra en el censo para las próximas elecciones"),
        NotFound(),
    ),
}


@pytest.mark.parametrize(("html", "answer"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_is_read_by_its_structure(html: str, answer: Answer) -> None:
    assert read_result_html(html, CEDULA) == answer
    assert read(success(html)) == answer


PARSE_ERRORS = {
    "nothing": "",
    "white space": " \n ",
    "no municipio": FOUND.replace("EL PEÑOL", ""),
    "no puesto": FOUND.replace("IE LA ESPERANZA", ""),
    "a puesto of dashes": FOUND.replace("IE LA ESPERANZA", "-----"),
    "no mesa": FOUND.replace("<b>7</b>", "<b></b>"),
    "a puesto longer than any": FOUND.replace("IE LA ESPERANZA", "X" * 5000),
    "only a row that spans the table": NOVEDAD.replace("<td data-th='NOVEDAD'", "<td colspan='4' data-th='NOVEDAD'"),
    "headers only": FOUND.partition("<tbody>")[0] + "</table>",
    "more cells than headers, unnamed": FOUND.replace("data-th", "data-x").replace(
        "<tbody><tr>", "<tbody><tr><td>?</td>"
    ),
    "no MESA column": FOUND.replace("MESA", "ZONA"),
    "two voting places": FOUND + FOUND.replace("<b>7</b>", "<b>8</b>"),
    "somebody else's voting place": FOUND.replace("19000001", "19000002"),
    "somebody else's novedad": NOVEDAD.replace("19000001", "19000002"),
    "somebody else's absence": NOT_FOUND.replace("19000001", "19.000.002"),
    "an empty novedad": NOVEDAD.replace("Cancelada por Muerte", ""),
    "an unknown table": "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>",
    "a conditional sentence": "Si su documento no se encuentra en el censo electoral, inscríbase.",
    "a condition in the middle": "Señor ciudadano, en caso de que no se encuentra en el censo, acérquese.",
    "a question": "¿Su documento no se encuentra en el censo?",
    "words of the wrong verb": "No se encontró el documento. No existe. No registra.",
    "not entitled": "El documento no se encuentra habilitado para votar.",
    "the sentence in a script": f"<script>const no = '{NOT_FOUND}'</script>",
    "the sentence in a comment": f"<!-- {NOT_FOUND} -->",
    "a whole page without a result element": f"<html><body>{FOUND}{NOT_FOUND}</body></html>".replace("consulta", "x"),
    "a whole page with an empty one": f"<html><body>{NOVEDAD}<div id=success></div>{NOT_FOUND}</body></html>",
    "words of death outside a table": "<p>NOVEDAD: Cancelada por Muerte</p>",
    "the footer alone": "<h3>Señor Ciudadano:</h3><h4>Si usted realizó su trámite, recuerde el censo electoral.</h4>",
}


@pytest.mark.parametrize("html", PARSE_ERRORS.values(), ids=PARSE_ERRORS.keys())
def test_what_is_not_an_answer_is_a_parse_error(html: str) -> None:
    assert kind_of_failure(read_result_html(html, CEDULA)) is FailureKind.PARSE_ERROR
    assert kind_of_failure(read(success(html))) is FailureKind.PARSE_ERROR


def test_without_a_cedula_the_number_in_the_reply_is_nobodys_business() -> None:
    assert read_result_html(FOUND.replace("19000001", "19000002")) == EL_PENOL


def test_a_reply_about_somebody_else_leaves_no_evidence_of_them() -> None:
    outcome = read_result_html(FOUND.replace("19000001", "19000002"), CEDULA)
    assert isinstance(outcome, Failure)
    assert outcome.evidence == ""


def test_an_unreadable_reply_is_kept_as_evidence() -> None:
    outcome = read(success("<section>Estado R-17</section>"))
    assert isinstance(outcome, Failure)
    assert "Estado R-17" in outcome.evidence


JSON_REPLIES = {
    "not found, with success true": (success(NOT_FOUND), "not_found"),
    "not found, with success false": (refusal(NOT_FOUND), "not_found"),
    "not found, message at the top": (json.dumps({"success": False, "message": NOT_FOUND}), "not_found"),
    "a novedad, with success false": (refusal(NOVEDAD), "cancelled"),
    "a voting place, with success false": (refusal(FOUND), "parse_error"),
    "a voting place, message at the top": (json.dumps({"success": True, "message": FOUND}), "found"),
    "a voting place, after a byte order mark": ("\ufeff" + success(FOUND), "found"),
    "Curl error": (
        refusal("Curl error: Operation timed out after 15008 milliseconds with 0 bytes received"),
        "network_error",
    ),
    "Curl error, with success true": (success("Curl error: Couldn't resolve host"), "network_error"),
    "captcha missing": (refusal("Marque el cuadro de verificación o captcha!"), "captcha_failed"),
    "captcha refused": (refusal("Error en la validaci&oacute;n del reCAPTCHA"), "captcha_failed"),
    "the box in HTML": (refusal("<p>Marque la casilla: <b>No soy un robot</b></p>"), "captcha_failed"),
    "maintenance": (refusal("La información se encuentra en actualización. Intente más tarde."), "network_error"),
    "maintenance, with success true": (success("La información se encuentra en actualización."), "network_error"),
    "maintenance, as a novedad": (
        success(NOVEDAD.replace("Cancelada por Muerte", "La información se encuentra en actualización")),
        "network_error",
    ),
    "their own error": (refusal("Ocurrió un error al procesar su solicitud"), "network_error"),
    "reload": ('{"success":false,"reload":true}', "network_error"),
    "reload with an answer": (json.dumps({"success": False, "reload": True, "message": NOT_FOUND}), "not_found"),
    "an unknown complaint": (refusal("Error 17"), "parse_error"),
    "a long text with the word captcha": (refusal("Bienvenido. " * 60 + "captcha"), "parse_error"),
    "the word captcha in a success": (success("<p>captcha</p>"), "parse_error"),
    "success as text": (json.dumps({"success": "true", "data": {"message": FOUND}}), "parse_error"),
    "no message": ('{"success":true,"data":{}}', "parse_error"),
    "a message that is a number": ('{"success":true,"data":{"message":5}}', "parse_error"),
    "data that is a list": ('{"success":true,"data":[1]}', "parse_error"),
    "a list": ("[1, 2]", "parse_error"),
    "null": ("null", "parse_error"),
    "nested for ever": ("[" * 100_000, "parse_error"),
    "a number without end": ("9" * 10_000, "parse_error"),
    "an empty body": ("", "parse_error"),
    "half a reply": (success(FOUND)[:200], "parse_error"),
}


@pytest.mark.parametrize(("body", "status"), JSON_REPLIES.values(), ids=JSON_REPLIES.keys())
def test_a_json_reply_has_its_status(body: str, status: str) -> None:
    assert read(body).status == status
    assert read(body, content_type="text/html; charset=UTF-8").status == status


@pytest.mark.parametrize(
    ("body", "http_status", "status"),
    [
        (BLOCK_PAGE, 200, "blocked"),
        (BLOCK_PAGE, 403, "blocked"),
        ("<p>Señor usuario, se presentó un <b>evento de seguridad</b></p>", 500, "blocked"),
        ("<div class=blocked><h3>Acceso</h3></div>", 200, "blocked"),
        ("<style>.blocked h3 { color: red }</style><script>'evento de seguridad'</script>", 200, "parse_error"),
        ("<title>Just a moment...</title>", 403, "blocked"),
        ("", 429, "blocked"),
        ("<title>504 Gateway Time-out</title>", 504, "network_error"),
        ("", 502, "network_error"),
        ("La información se encuentra en actualización.", 200, "network_error"),
        (FOUND, 200, "parse_error"),
        (NOT_FOUND, 200, "parse_error"),
        ("", 302, "parse_error"),
        ("<h1>Not Found</h1>", 404, "parse_error"),
        (success(FOUND), 500, "found"),
        (refusal("Error 17"), 500, "network_error"),
    ],
)
def test_a_reply_that_is_no_json_is_judged_by_content_and_then_by_http_status(
    body: str, http_status: int, status: str
) -> None:
    assert read(body, status=http_status, content_type="text/html").status == status


def test_a_reason_tells_what_came_instead_of_json() -> None:
    outcome = read("<p>Hola</p>", content_type="text/html; charset=x")
    assert isinstance(outcome, Failure)
    assert outcome.reason == "the site answered text/html instead of JSON (HTTP 200)"


def test_a_hostile_content_type_does_not_get_into_the_reason() -> None:
    outcome = read("<p>Hola</p>", content_type="<script>")
    assert isinstance(outcome, Failure)
    assert outcome.reason == "the site answered something instead of JSON (HTTP 200)"


@pytest.mark.parametrize(
    ("html", "http_status", "kind"),
    [
        (BLOCK_PAGE, 200, FailureKind.BLOCKED),
        ("<body>se presentó un evento de seguridad", 500, FailureKind.BLOCKED),
        ("<p>La información se encuentra en actualización</p>", 200, FailureKind.NETWORK_ERROR),
        ("", 504, FailureKind.NETWORK_ERROR),
        ("<form><input name=q></form>", 200, FailureKind.PARSE_ERROR),
        ("", 200, FailureKind.PARSE_ERROR),
        (NOT_FOUND, 200, FailureKind.PARSE_ERROR),
    ],
)
def test_a_page_without_a_known_form_is_told_apart(html: str, http_status: int, kind: FailureKind) -> None:
    assert read_unknown_page(html, http_status).kind is kind
