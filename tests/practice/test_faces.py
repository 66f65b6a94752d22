"""The HTML and the JSON face of the census page, over HTTP."""

import json

from practice.people import novedad_of, place_of
from practice.server import PracticeServer
from practice.site import SITEKEY, Face
from tests.practice.conftest import Visitor

HTML, JSON, API = "/consultar/", "/consultacenso/", "/back/api/"


def ask_html(visitor, cedula, **changed):
    visitor.get(HTML)
    form = {"numero": cedula, "eleccion": "-1", **changed}
    if "g-recaptcha-response" not in form:
        form["g-recaptcha-response"] = visitor.solve(page=visitor.server.url_of(Face.HTML))
    return visitor.post_form(HTML, **form)


def ask_json(visitor, cedula, *, page=JSON, **changed):
    visitor.get(page)
    address = visitor.server.origin + page
    question = {"documento": cedula, "eleccionId": 0, **changed}
    if "captchaToken" not in question:
        question["captchaToken"] = visitor.solve(page=address)
    body = json.dumps(question).encode()
    return visitor.send("POST", f"{API}consulta", body, "application/json", Referer=address)


def test_html_page_has_what_clients_hold_on_to(visitor):
    page = visitor.get(HTML).text
    for markup in (
        '<input type="text"',
        "<select",
        ">CONSULTAR</button>",
        "loading-overlay",
        SITEKEY,
        "SITIO DE PRÁCTICA",
    ):
        assert markup in page, markup
    assert 'id="token"' not in page


def test_json_page_has_no_form_until_its_script_draws_it(visitor):
    page, script = visitor.get(JSON).text, visitor.get("/consultacenso/app.js").text
    assert "consultaForm" not in page
    for part in ("consultaForm", "documento", "eleccion", "submitBtn"):
        assert f'id="{part}"' in script


def test_elections_are_one_without_an_accent(visitor):
    elections = visitor.get(f"{API}elecciones").json
    assert elections == {"ok": True, "data": [{"id": 0, "nombre": "LUGAR DE VOTACION ACTUAL", "mensaje": ""}]}


def test_faces_answer_without_the_final_slash(visitor):
    for path in (HTML, JSON):
        assert visitor.get(path.rstrip("/")).status == 200, path


def test_html_answer_is_a_page_with_the_table_and_the_form_again(visitor):
    page = ask_html(visitor, "1900000001").text
    assert "<td data-th='NUIP'>1900000001</td>" in page
    assert ">CONSULTAR</button>" in page


def test_json_answer_is_as_captured(visitor):
    place = place_of("1900000001")
    reply = ask_json(visitor, "1900000001").json
    assert reply["data"] == {
        "nuip": 1900000001,
        "nom_depto": place.departamento,
        "nom_mun": place.municipio,
        "nom_puesto": place.puesto,
        "direccion": place.direccion,
        "mesa": int(place.mesa),
        "fingreso": "12/10/2007",
        "coddivipol": "280010302",
    }
    assert (reply["ok"], reply["encontrado"], set(reply["mapa"])) == (True, True, {"lat", "lng", "url"})


def test_json_keys_may_come_in_capitals_and_without_a_map(visitor):
    assert set(ask_json(visitor, "1900000077").json) == {"OK", "ENCONTRADO", "DATA", "MAPA"}
    bare = ask_json(visitor, "1900000076").json
    assert "mapa" not in bare
    assert bare["data"]["nuip"] == "1900000076"


def test_json_novedad_has_a_description(visitor):
    assert ask_json(visitor, "1900000099").json == {
        "ok": True,
        "encontrado": False,
        "novedad": True,
        "mensaje": "El documento consultado presenta una novedad.",
        "descripcion": "Cancelada por Muerte",
    }


def test_json_not_found_comes_in_two_ways(visitor):
    absent = {"ok": True, "encontrado": False}
    message = "El documento de identidad número 1900000096 no se encuentra en el censo para esta elección."
    assert ask_json(visitor, "1900000096").json == {**absent, "mensaje": message}
    other = {"novedad": False, "mensaje": "El documento no figura en el censo electoral."}
    assert ask_json(visitor, "1900000089").json == {**absent, **other}


def test_json_errors_are_sentences(visitor):
    for cedula, error in {
        "1900000091": "Token de captcha inválido o expirado",
        "1900000088": "Curl error: Operation timed out after 15008 milliseconds with 0 bytes received",
        "1900000087": "La sesión ha expirado. Recargue la página.",
        "1900000080": "La información se encuentra en actualización. Por favor intente más tarde.",
        "x": "Numero de documento Incorrecto",
    }.items():
        assert ask_json(visitor, cedula).json == {"ok": False, "error": error}, cedula


def test_html_answers_are_those_of_the_other_faces(visitor):
    page = ask_html(visitor, "1900000099").text
    assert all(f"'>{text}</td>" in page for text in ("Cancelada por Muerte", *novedad_of("1900000099")))
    assert "<div id='consulta'>El documento" in ask_html(visitor, "1900000096").text
    for cedula, words in {
        "1900000091": "validación del captcha",
        "1900000089": "no se encuentra en el censo electoral",
        "1900000087": "Su sesión ha expirado",
        "x": "Numero de documento Incorrecto",
    }.items():
        page = ask_html(visitor, cedula).text
        assert words in page.partition('role="alert">')[2], cedula


def test_captcha_of_another_page_or_none_is_refused_by_every_face(visitor):
    for token in ("", "03A-invented", visitor.solve()):
        assert "validación del captcha" in ask_html(visitor, "1900000001", **{"g-recaptcha-response": token}).text
        assert (
            ask_json(visitor, "1900000001", captchaToken=token).json["error"] == "Token de captcha inválido o expirado"
        )


def test_faces_without_captcha_ask_for_none(visitor):
    reply = visitor.post_form(f"{HTML}?captcha=no", numero="1900000001", eleccion="-1")
    assert "<td data-th='NUIP'>1900000001</td>" in reply.text
    assert ask_json(visitor, "1900000001", page=f"{JSON}?captcha=no", captchaToken="").json["ok"] is True


def test_named_election_has_nobody_in_its_census(visitor):
    assert "no se encuentra en el censo" in ask_html(visitor, "1900000001", eleccion="677").text
    assert "Seleccione la elección" in ask_html(visitor, "1900000001", eleccion="5").text
    assert ask_json(visitor, "1900000001", eleccionId=5).json["error"] == "Seleccione la elección"


def test_json_question_without_the_firewalls_cookie_is_blocked(visitor):
    reply = visitor.post_json(f"{API}consulta", {"documento": "1900000001", "eleccionId": 0, "captchaToken": ""})
    assert (reply.status, "Request Rejected" in reply.text) == (200, True)


def test_json_question_that_is_malformed_is_an_error(visitor):
    visitor.get(JSON)
    for body in (b"", b"[]", b"{", b"\xff", b'{"documento": {"a": 1}}', b'"x"'):
        reply = visitor.send("POST", f"{API}consulta", body, "application/json", Referer="http://[nonsense")
        assert reply.json["ok"] is False, body


def test_usual_address_shows_the_face_that_was_chosen():
    marks = {Face.AJAX: 'id="nuip"', Face.HTML: "CONSULTAR</button>", Face.JSON: 'id="root"'}
    with PracticeServer(face=Face.JSON) as server:
        visitor = Visitor(server)
        assert marks[Face.JSON] in visitor.get("/censo/consultar/").text
        for face, mark in marks.items():
            server.site.face = face
            assert mark in visitor.get("/censo/consultar/").text
        assert visitor.post_form(JSON, numero="1").status == 405


def test_home_page_lists_every_face(visitor):
    home = visitor.get("/").text
    for path in ("/censo/consultar/", HTML, JSON):
        assert f'<a href="{path}">{path}</a>' in home


def test_faults_are_the_same_on_every_face(visitor):
    for cedula, status in {"1900000095": 200, "1900000082": 504}.items():
        replies = (ask_html(visitor, cedula), ask_json(visitor, cedula), visitor.submit(cedula))
        assert [reply.status for reply in replies] == [status] * 3, cedula
