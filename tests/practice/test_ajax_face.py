"""The AJAX face: the page, its nonce, the captcha's rules and the bytes of a good answer."""

import re

from practice import fragments
from practice.people import Place
from practice.site import SITEKEY

PAGE = "/censo/consultar/"
NO_CAPTCHA = b'{"success":false,"data":{"message":"Marque el cuadro de verificaci\\u00f3n o captcha!"}}'
RELOAD = b'{"success":false,"reload":true}'
REFUSED = b'{"success":false,"data":{"message":"Error en la validaci\\u00f3n del captcha. Intente nuevamente."}}'

GOLDEN = (
    rb"""{"success":true,"data":{"message":"<div class='table-responsive'><table id='consulta' """
    rb"""class='display responsive table table-bordered table-striped'><thead><tr><th class='text-center'>NUIP<\/th>"""
    rb"""<th class='text-center'>DEPARTAMENTO<\/th><th class='text-center'>MUNICIPIO<\/th>"""
    rb"""<th class='text-center'>PUESTO<\/th><th class='text-center'>DIRECCI\u00d3N<\/th>"""
    rb"""<th class='text-center'>MESA<\/th><\/tr><\/thead><tbody><tr><td data-th='NUIP'>1900000068<\/td>"""
    rb"""<td data-th='DEPARTAMENTO'>BOLIVAR<\/td><td data-th='MUNICIPIO'>CARTAGENA<\/td>"""
    rb"""<td data-th='PUESTO'>INST. EDUC. NUESTRA SE\u00d1ORA DEL ALBA<\/td>"""
    rb"""<td data-th='DIRECCI\u00d3N'>MZ 103 LT 90 ET. 22 &amp; ANEXO<\/td>"""
    rb"""<td data-th='MESA' class='text-center'><b>25<\/b><\/td><\/tr><\/tbody><\/table><\/p><\/div>"""
    rb"""<h3><b>Se\u00f1or Ciudadano:<\/b><\/h3><h4 style='font-weight: 400 !important;'>Si usted realiz\u00f3 su"""
    rb""" tr\u00e1mite de inscripci\u00f3n, recuerde que \u00e9ste se ver\u00e1 reflejado una vez sea validado y se"""
    rb""" conforme el censo electoral definitivo para las elecciones de Congreso, presidente y vicepresidente de la"""
    rb""" Rep\u00fablica 2026.<\/h4>"}}"""
)


def test_page_has_the_elements_that_clients_hold_on_to(visitor):
    page = visitor.get(PAGE)
    assert page.status == 200
    for markup in (
        '<form id="form"',
        'id="nuip" name="nuip" maxlength="10"',
        '<select class="form-control" id="tipo" name="tipo"',
        '<option value="-1">LUGAR DE VOTACIÓN ACTUAL...</option>',
        '<option value="677">',
        '<input type="hidden" class="form-control" id="token" name="token"',
        f'<div class="g-recaptcha" data-sitekey="{SITEKEY}"></div>',
        '<input type="submit" class="btn" id="enviar" name="enviar"',
        '<div id="success"',
        '<div id="div_warning"',
        '<div id="div_error"',
        "INFORMACIÓN DEL LUGAR DE VOTACIÓN",
        "SITIO DE PRÁCTICA",
        "/censo/public/js/functions.js",
    ):
        assert markup in page.text, markup


def test_page_answers_without_the_final_slash(visitor):
    assert visitor.get("/censo/consultar").nonce


def test_sitekey_looks_like_a_real_one():
    assert re.fullmatch(r"6L[\w-]{38}", SITEKEY)


def test_first_page_sets_both_cookies_and_the_second_none(visitor):
    first, second = visitor.get(PAGE), visitor.get(PAGE)
    cookies = first.headers.get_all("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["PHPSESSID", "cookiesession1"]
    assert all("HttpOnly" in cookie for cookie in cookies)
    assert "expires=" in cookies[1]
    assert second.headers.get_all("Set-Cookie") is None


def test_every_load_has_a_new_nonce_and_only_the_last_is_good(visitor):
    old, new = visitor.get(PAGE).nonce, visitor.get(PAGE).nonce
    assert old != new
    assert visitor.submit("1900000001", token=old).body == RELOAD
    assert visitor.submit("1900000001", token=new).json["success"] is True


def test_nonce_is_no_good_in_another_session(visitor):
    nonce = visitor.get(PAGE).nonce
    visitor.cookies.clear()
    assert visitor.submit("1900000001", token=nonce).body == RELOAD


def test_nonce_is_no_good_invented_or_empty(visitor):
    visitor.get(PAGE)
    assert visitor.submit("1900000001", token="0" * 32).body == RELOAD
    assert visitor.submit("1900000001", token="").body == RELOAD


def test_session_cookie_that_the_visitor_made_up_is_replaced(visitor):
    page = visitor.send("GET", PAGE, Cookie="PHPSESSID=fixed")
    assert "PHPSESSID=fixed" not in str(page.headers)
    assert "PHPSESSID=" in str(page.headers)


def test_captcha_left_out_is_told_before_anything_else(visitor):
    assert visitor.post_form(PAGE, nuip="1900000001", tipo="-1").body == NO_CAPTCHA


def test_captcha_token_is_good_once(visitor):
    nonce, token = visitor.get(PAGE).nonce, visitor.solve()
    form = {"token": nonce, "g-recaptcha-response": token}
    assert visitor.submit("1900000001", **form).json["success"] is True
    assert visitor.submit("1900000001", **form).body == REFUSED


def test_captcha_token_that_nobody_issued_is_refused(visitor):
    assert visitor.submit("1900000001", **{"g-recaptcha-response": "03A-invented"}).body == REFUSED


def test_captcha_token_for_another_page_is_refused(visitor):
    for page in ("/otra/", "/censo/", "/censo/consultar/mas/"):
        token = visitor.solve(page=visitor.server.origin + page)
        assert visitor.submit("1900000001", **{"g-recaptcha-response": token}).body == REFUSED, page


def test_captcha_token_for_another_host_is_refused(visitor):
    token = visitor.solve(page=visitor.server.census_url.replace("127.0.0.1", "localhost"))
    assert visitor.submit("1900000001", **{"g-recaptcha-response": token}).body == REFUSED


def test_captcha_token_for_another_sitekey_is_refused(visitor):
    token = visitor.solve(sitekey="6L" + "x" * 38)
    assert visitor.submit("1900000001", **{"g-recaptcha-response": token}).body == REFUSED


def test_captcha_token_counts_for_the_page_whatever_its_query(visitor):
    token = visitor.solve(page=visitor.server.census_url + "?animo=lento#form")
    assert visitor.submit("1900000001", **{"g-recaptcha-response": token}).json["success"] is True


def test_captcha_token_is_good_for_two_minutes(visitor, clock):
    for age, is_good in ((120.0, True), (120.5, False)):
        token = visitor.solve()
        clock.now += age
        reply = visitor.submit("1900000001", **{"g-recaptcha-response": token})
        assert reply.json["success"] is is_good, age


def test_good_answer_is_exact_to_the_byte(visitor):
    reply = visitor.submit("1900000068")
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.body == GOLDEN


def test_good_answer_is_as_long_as_the_captured_one():
    place = Place("SUCRE", "SINCELEJO", "IE SAN JOSE C I P", "CL 22 No. 10A-380", "13")
    assert len(fragments.found("1900000001", place).encode()) == 962


def test_named_election_has_nobody_in_its_census(visitor):
    assert "no se encuentra en el censo" in visitor.submit("1900000001", tipo="677").json["data"]["message"]


def test_election_that_does_not_exist_is_an_error(visitor):
    assert visitor.submit("1900000001", tipo="5").json == {
        "success": False,
        "data": {"message": "Seleccione la elección"},
    }


def test_what_is_no_number_is_an_error(visitor):
    error = {"success": False, "data": {"message": "Numero de documento Incorrecto"}}
    for cedula in ("", "abc", "1", "٤٣٠٠٠٠٠١", "43.000.001", "<b>1</b>", "9" * 10_240, "1\x002"):
        assert visitor.submit(cedula).json == error, cedula


def test_client_that_posts_multipart_is_understood(visitor):
    fields = {
        "nuip": "1900000096",
        "tipo": "-1",
        "token": visitor.get(PAGE).nonce,
        "g-recaptcha-response": visitor.solve(),
    }
    parts = [f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    body = "".join([*parts, "--x--\r\n"]).encode()
    reply = visitor.send("POST", PAGE, body, "multipart/form-data; boundary=x")
    assert "no se encuentra" in reply.json["data"]["message"]


def test_page_without_captcha_asks_for_none(visitor):
    page = visitor.get(PAGE + "?captcha=no")
    assert 'class="g-recaptcha"' not in page.text
    assert "api.js" not in page.text
    reply = visitor.post_form(PAGE + "?captcha=no", nuip="1900000001", tipo="-1", token=page.nonce)
    assert reply.json["success"] is True


def test_page_without_captcha_still_wants_its_nonce(visitor):
    assert visitor.post_form(PAGE + "?captcha=no", nuip="1900000001", tipo="-1").body == RELOAD
