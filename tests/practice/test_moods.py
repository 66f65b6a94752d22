"""The reply to each ending of a cédula and each `?animo=`, to the byte where a client depends on it."""

import time

from practice.moods import MOODS, PAGE_MOODS, mood_of
from practice.people import place_of
from tests.practice.conftest import send_only

PAGE = "/censo/consultar/"


def found_words(cedula: str) -> str:
    return f"<td data-th='PUESTO'>{place_of(cedula).puesto.replace('&', '&amp;')}</td>"


def novedad_table(cedula: str, words: str, details: str, above: str = "") -> str:
    return (
        "<div class='table-responsive'>"
        "<table id='consulta' class='display responsive table table-bordered table-striped'><thead><tr>"
        "<th class='text-center'>NUIP</th><th class='text-center'>NOVEDAD</th>"
        "<th class='text-center'>RESOLUCIÓN</th><th class='text-center'>FECHA NOVEDAD</th>"
        f"</tr></thead><tbody>{above}<tr><td data-th='NUIP'>{cedula}</td><td data-th='NOVEDAD'>{words}</td>{details}"
        "</tr></tbody></table></p></div>"
    )


def details(resolucion: str, fecha: str) -> str:
    return f"<td data-th='RESOLUCIÓN'>{resolucion}</td><td data-th='FECHA NOVEDAD'>{fecha}</td>"


def test_ordinary_ending_is_found_whatever_the_length(visitor):
    for cedula in ("10001", "900123", "7654321", "43000001", "1900000078", "1900000000"):
        message = visitor.submit(cedula).json["data"]["message"]
        assert f"<td data-th='NUIP'>{cedula}</td>" in message
        assert found_words(cedula) in message


def test_novedad_is_a_table_of_its_own(visitor):
    for cedula, words, resolucion, fecha in (
        ("1900000099", "Cancelada por Muerte", "6734", "05/04/2025"),
        ("1900000098", "Cancelada por Doble Cedulación", "18383", "08/09/2017"),
        ("1900000097", "Vigente con Perdida o Suspension de los Derechos Politicos", "14020", "12/10/2007"),
        ("1900000086", "Pendiente por Solicitud en proceso", "13230", "19/06/1998"),
        ("1900000085", "Cancelada por Falsa Identidad", "16427", "02/03/2004"),
    ):
        message = visitor.submit(cedula).json["data"]["message"]
        assert message == novedad_table(cedula, words, details(resolucion, fecha))


def test_novedad_may_come_after_a_row_that_spans_the_table(visitor):
    above = "<tr><td colspan='4'>El documento presenta la siguiente novedad:</td></tr>"
    message = visitor.submit("1900000083").json["data"]["message"]
    assert message == novedad_table("1900000083", "Cancelada por Muerte", details("15831", "05/07/2010"), above)


def test_not_found_comes_with_success_and_a_div(visitor):
    assert visitor.submit("1900000096").json == {
        "success": True,
        "data": {
            "message": "<div class='table-responsive'><div id='consulta'>El documento de identidad número 1900000096"
            " no se encuentra en el censo para esta elección.</div></div>"
        },
    }


def test_not_found_comes_as_an_error_too(visitor):
    assert visitor.submit("1900000089").json == {
        "success": False,
        "data": {
            "message": "El documento de identidad número 1900000089 no se encuentra en el censo electoral para esta"
            " elección."
        },
    }


def test_errors_are_sentences(visitor):
    for cedula, message in {
        "1900000091": "Error en la validación del captcha. Intente nuevamente.",
        "1900000088": "Curl error: Operation timed out after 15008 milliseconds with 0 bytes received",
        "1900000080": "La información se encuentra en actualización. Por favor intente más tarde.",
    }.items():
        assert visitor.submit(cedula).json == {"success": False, "data": {"message": message}}, cedula


def test_reload_is_exact_to_the_byte(visitor):
    assert visitor.submit("1900000087").body == b'{"success":false,"reload":true}'


def test_unreadable_is_a_success_without_table_or_sentence(visitor):
    reply = visitor.submit("1900000092").json
    assert reply["success"] is True
    assert "consulta" not in reply["data"]["message"]
    assert "no se encuentra" not in reply["data"]["message"]


def test_empty_puesto_leaves_the_rest(visitor):
    message = visitor.submit("1900000084").json["data"]["message"]
    assert "<td data-th='PUESTO'></td>" in message
    assert f"<td data-th='MUNICIPIO'>{place_of('1900000084').municipio}</td>" in message


def test_hostile_texts_are_a_good_answer(visitor):
    message = visitor.submit("1900000081").json["data"]["message"]
    assert """<td data-th='PUESTO'>I.E. "LA BUENA MUERTE" &amp; CIA &lt;NOVEDAD&gt;</td>""" in message
    assert "CANCELADA, SI NO SE ENCUENTRA" in message


def test_block_page_is_html_with_http_200_even_without_captcha(visitor):
    reply = visitor.post_form(PAGE, nuip="1900000095")
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "Request Rejected" in reply.text


def test_gateway_timeout_is_an_html_504(visitor):
    reply = visitor.submit("1900000082")
    assert reply.status == 504
    assert "<h1>504 Gateway Time-out</h1>" in reply.text


def test_cut_connection_cuts_every_time(visitor):
    for _ in range(2):
        assert visitor.submit("1900000093").was_cut


def test_ending_79_is_cut_once_and_found_after(visitor):
    assert visitor.submit("1900000079").was_cut
    assert found_words("1900000079") in visitor.submit("1900000079").json["data"]["message"]
    assert found_words("1900000079") in visitor.submit("1900000079").json["data"]["message"]


def test_ending_79_is_cut_again_when_the_browser_repeats_the_same_request(visitor):
    form = {"token": visitor.get(PAGE).nonce, "g-recaptcha-response": visitor.solve()}
    for _ in range(2):
        assert visitor.submit("1900000079", **form).was_cut


def test_slow_ending_is_found_after_its_seconds(visitor):
    form = {"token": visitor.get(PAGE).nonce, "g-recaptcha-response": visitor.solve()}
    began = time.monotonic()
    message = visitor.submit("1900000090", **form).json["data"]["message"]
    assert time.monotonic() - began >= visitor.server.site.slow_seconds
    assert found_words("1900000090") in message


def test_silent_ending_is_cut_after_its_seconds(visitor):
    visitor.server.site.hang_seconds = 0.05
    assert visitor.submit("1900000094").was_cut


def test_silent_ending_holds_up_nobody_else(visitor):
    with send_only(visitor.server.origin, "POST", PAGE, "nuip=1900000094"):
        visitor.server.journal.wait_for("consulta")
        assert visitor.get("/").status == 200


def test_every_ending_has_its_own_digits_and_an_example_that_shows_it():
    assert len({mood.ending for mood in MOODS}) == len(MOODS)
    assert all(mood_of(mood.example) is mood for mood in MOODS)


def test_page_mood_gives_no_form(visitor):
    for mood, status, words in (
        ("bloqueo", 500, "se presentó un evento de seguridad"),
        ("bloqueo-200", 200, "Request Rejected"),
        ("caida", 504, "504 Gateway Time-out"),
        ("mantenimiento", 200, "La información se encuentra en actualización. Por favor intente más tarde."),
        ("desconocido", 200, "Portal ciudadano"),
        ("vacio", 200, ""),
    ):
        page = visitor.get(f"{PAGE}?animo={mood}")
        assert page.status == status, mood
        assert words in page.text
        assert 'id="nuip"' not in page.text, mood


def test_page_that_fails_once_has_the_complete_form_and_is_fine_after(visitor):
    first, second = visitor.get(f"{PAGE}?animo=error-una-vez"), visitor.get(f"{PAGE}?animo=error-una-vez")
    assert (first.status, second.status) == (500, 200)
    assert first.nonce != second.nonce


def test_form_of_the_page_that_failed_works(visitor):
    nonce = visitor.get(f"{PAGE}?animo=error-una-vez").nonce
    assert visitor.submit("1900000001", token=nonce).json["success"] is True


def test_slow_page_comes_after_its_seconds(visitor):
    began = time.monotonic()
    assert visitor.get(f"{PAGE}?animo=lento").nonce
    assert time.monotonic() - began >= visitor.server.site.slow_seconds


def test_page_that_never_comes_is_cut(visitor):
    visitor.server.site.hang_seconds = 0.05
    for mood in ("corte", "sin-respuesta"):
        assert visitor.get(f"{PAGE}?animo={mood}").was_cut, mood


def test_unknown_page_mood_does_nothing(visitor):
    assert visitor.get(f"{PAGE}?animo=raro").nonce


def test_page_moods_have_names_of_their_own():
    assert len({mood.name for mood in PAGE_MOODS}) == len(PAGE_MOODS)
