"""The pages in a real browser: their scripts, and how the browser handles connections that are cut."""

import os
import re
import shutil

import pytest
from playwright.sync_api import expect

from practice.people import place_of
from practice.site import Face

EXECUTABLE = os.environ.get("BROWSER_EXECUTABLE") or shutil.which("chromium") or shutil.which("google-chrome")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium(playwright):
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=arguments)
    yield browser
    browser.close()


@pytest.fixture
def page(chromium, server):
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(server.census_url)
    yield page
    context.close()


def ask_by_hand(page, cedula):
    page.get_by_label("No. Identificación").fill(cedula)
    page.get_by_label("Práctica: no soy un robot").check()
    expect(page.locator("#g-recaptcha-response")).to_have_value(re.compile("03A"))
    page.locator("#enviar").click()


def test_person_finds_out_where_somebody_votes(page):
    ask_by_hand(page, "1900000001")
    cells = page.locator("#success table#consulta td")
    assert cells.nth(3).inner_text() == place_of("1900000001").puesto
    expect(page.locator("#success h3")).to_have_text("Señor Ciudadano:")


def test_person_can_ask_again_after_ticking_the_box_again(page):
    ask_by_hand(page, "1900000001")
    expect(page.locator("#success td").first).to_have_text("1900000001")
    expect(page.get_by_label("Práctica: no soy un robot")).not_to_be_checked()
    ask_by_hand(page, "1900000002")
    expect(page.locator("#success td").first).to_have_text("1900000002")


def test_captcha_left_out_is_told_without_a_request(page, server):
    page.get_by_label("No. Identificación").fill("1900000001")
    page.locator("#enviar").click()
    expect(page.locator("#div_warning")).to_have_text("Marque el cuadro de verificación (Captcha: No soy un robot)")
    assert server.journal.of("consulta") == []


def test_token_that_a_program_puts_into_the_page_is_read(page, visitor):
    page.get_by_label("No. Identificación").fill("1900000089")
    page.locator("#g-recaptcha-response").evaluate("(field, token) => { field.value = token }", visitor.solve())
    with page.expect_response(lambda response: response.request.method == "POST") as posted:
        page.locator("#enviar").click()
    assert posted.value.json()["success"] is False
    expect(page.locator("#div_error")).to_contain_text("no se encuentra en el censo electoral")
    expect(page.locator("#success")).to_be_empty()


def test_reload_gives_an_empty_form_with_a_new_nonce(page):
    before = page.locator("#token").input_value()
    with page.expect_navigation():
        ask_by_hand(page, "1900000087")
    assert page.locator("#token").input_value() != before
    expect(page.get_by_label("No. Identificación")).to_have_value("")


def test_page_without_captcha_needs_no_box(page, server):
    page.goto(f"{server.census_url}?captcha=no")
    page.get_by_label("No. Identificación").fill("1900000096")
    page.locator("#enviar").click()
    expect(page.locator("#success div#consulta")).to_contain_text("no se encuentra en el censo")


def test_person_finds_out_on_the_html_face_once_its_overlay_is_gone(page, server):
    page.goto(server.url_of(Face.HTML))
    page.get_by_label("Número de documento").fill("1900000001")
    page.get_by_label("Elección").select_option("LUGAR DE VOTACIÓN ACTUAL")
    page.get_by_label("Práctica: no soy un robot").check()
    expect(page.locator("#g-recaptcha-response")).to_have_value(re.compile("03A"))
    page.get_by_role("button", name="CONSULTAR").click()
    expect(page.locator("table#consulta td").first).to_have_text("1900000001")


def test_person_finds_out_on_the_json_face(page, server):
    page.goto(server.url_of(Face.JSON))
    expect(page.get_by_label("Elección")).to_have_value("0")
    for cedula, words in {
        "1900000001": place_of("1900000001").puesto,
        "1900000077": place_of("1900000077").puesto,
        "1900000099": "Cancelada por Muerte",
        "1900000096": "no se encuentra en el censo",
        "1900000088": "Curl error",
        "1900000095": "Ocurrió un error",
    }.items():
        page.get_by_label("Número de documento").fill(cedula)
        page.get_by_role("button", name="Consultar").click()
        expect(page.locator("#resultado")).to_contain_text("Marque el captcha")
        page.get_by_label("Práctica: no soy un robot").check()
        expect(page.locator("#g-recaptcha-response")).to_have_value(re.compile("03A"))
        page.get_by_role("button", name="Consultar").click()
        expect(page.locator("#resultado")).to_contain_text(words)
        expect(page.get_by_label("Práctica: no soy un robot")).not_to_be_checked()


def test_cut_connection_fails_in_a_browser_that_repeats_requests_by_itself(page):
    for cedula in ("1900000093", "1900000079"):
        with page.expect_event("requestfailed"):
            ask_by_hand(page, cedula)
        expect(page.locator("#div_error")).to_have_text("Ocurrió un error al procesar su solicitud")
        page.reload()


def test_ending_that_is_cut_once_is_found_when_asked_again(page):
    with page.expect_event("requestfailed"):
        ask_by_hand(page, "1900000079")
    page.reload()
    ask_by_hand(page, "1900000079")
    expect(page.locator("#success td").first).to_have_text("1900000079")


def test_pages_fit_a_phone_and_ask_for_nothing_elsewhere(chromium, server):
    context = chromium.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for address in (server.origin, *(server.url_of(face) for face in Face)):
        page.goto(address, wait_until="load")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert all(url.startswith(server.origin + "/") or url == "data:," for url in asked)
    context.close()
