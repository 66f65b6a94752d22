"""Looking somebody up by hand: cédula copied, asked on the census's own page, result pasted, reviewed and saved."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from practice.people import place_of
from practice.site import Face
from tests.browser import people
from tests.browser.backstage import Backstage
from tests.browser.census_pages import ask_by_hand, copy
from tests.browser.conftest import log_in
from tests.browser.lists import OpenList, assert_fits, both_sizes, detail_of, opener_of, row_of, toasts
from tests.browser.people import BLOCKED, FOUND, Invited, Somebody
from tests.stack import Stack

pytestmark = pytest.mark.browser

WAITING = (Invited("Zoé Ñáñez", FOUND), Invited("Caro Bermúdez", BLOCKED), Invited("Nora Ossa"))


def paste(page: Page) -> None:
    page.get_by_label("Pegue aquí el resultado").focus()
    page.keyboard.press("Control+v")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def expect_person(page: Page, somebody: Somebody) -> None:
    expect(page.get_by_role("heading", level=2)).to_have_text(somebody.full_name)


@both_sizes
def test_a_leader_looks_up_by_hand_whom_nobody_reaches(
    page: Page, product: Stack, backstage: Backstage, open_list: OpenList, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    _, caro, nora = open_list(*WAITING).referrals
    page.get_by_role("link", name="Consulta asistida").click()
    expect_person(page, nora)
    expect(page.locator("main")).not_to_contain_text(nora.cedula)

    press(page, "Mostrar y copiar")
    button = page.get_by_role("button", name="Copiar la cédula")
    expect(button).to_be_focused()
    button.press("Enter")
    expect(toasts(page)).to_contain_text("Cédula copiada")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Abrir la página oficial").click()
    official = opened.value
    expect(official).to_have_url(product.practice.census_url)
    ask_by_hand(official, Face.AJAX, nora.cedula)
    copy(official, Face.AJAX, "page")
    official.close()

    paste(page)
    press(page, "Revisar")
    expect(page.get_by_role("heading", level=1)).to_have_text("¿Es esto lo que dice la página?")
    expect(page.locator(".ticket-puesto dd")).to_have_text(place_of(nora.cedula).puesto)
    press(page, "Guardar y seguir")
    expect(page.get_by_role("status").filter(has_text="Guardado: Nora Ossa · Encontrado")).to_be_visible()
    expect_person(page, caro)
    done = backstage.run(people.looks_at, nora.pk)
    assert [action for action, _ in done] == ["cedula_seen", "answer_entered"]

    page.get_by_role("link", name="Referidos").first.click()
    expect(row_of(page, nora)).to_have_attribute("data-status", "ACTIVE")
    opener_of(page, nora).click()
    expect(detail_of(page, nora)).to_contain_text("Según lo que una persona consultó en la página de la Registraduría")
    assert_fits(page)


@pytest.mark.parametrize("face", Face)
def test_results_of_every_face_are_pasted_and_saved(
    context: BrowserContext, page: Page, product: Stack, open_list: OpenList, face: Face
) -> None:
    invited = [Invited("Ada Ruiz"), Invited("Bea Ruiz", ending="99"), Invited("Ceci Ruiz", ending="96")]
    badges = ["Encontrado", "Reportada por muerte", "No está en el censo"]
    made = open_list(*invited).referrals
    official = context.new_page()
    for somebody, badge in zip(made, badges, strict=True):
        page.goto(f"{product.url}/censo/asistida/")
        expect_person(page, somebody)
        official.goto(product.practice.url_of(face))
        ask_by_hand(official, face, somebody.cedula)
        copy(official, face, "result")
        page.bring_to_front()
        paste(page)
        press(page, "Revisar")
        expect(page.locator("main .badge-v")).to_have_text(badge)
        if page.get_by_role("checkbox").count():
            page.get_by_role("checkbox").check()
        press(page, "Guardar y seguir")
        expect(page.locator(".notes")).to_contain_text(f"Guardado: {somebody.full_name} · {badge}")
    expect(page.get_by_role("heading", level=2)).to_have_text("Nadie espera respuesta")


@both_sizes
def test_a_paste_that_is_no_answer_or_nobodys_is_told_and_can_be_mended(
    page: Page, open_list: OpenList, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    open_list(*WAITING)
    page.get_by_role("link", name="Consulta asistida").click()
    box = page.get_by_label("Pegue aquí el resultado")
    box.fill("hola")
    press(page, "Revisar")
    expect(box).to_be_focused()
    expect(box).to_have_value("hola")
    expect(page.get_by_text("Ahí no encontramos la respuesta del censo.")).to_be_visible()

    box.fill("El documento consultado no se encuentra en el censo para esta elección.")
    press(page, "Revisar")
    checked = page.get_by_role("checkbox", name="Comprobé que la página respondió por la cédula")
    expect(checked).not_to_be_checked()
    press(page, "Corregir")
    expect(box).to_have_value(re.compile("El documento consultado"))
    press(page, "Revisar")
    checked.check()
    press(page, "Guardar y seguir")
    expect(page.locator(".notes")).to_contain_text("Guardado: Nora Ossa · No está en el censo")


def test_somebody_who_was_answered_meanwhile_is_told_of(page: Page, backstage: Backstage, open_list: OpenList) -> None:
    _, caro, nora = open_list(*WAITING).referrals
    page.get_by_role("link", name="Consulta asistida").click()
    expect_person(page, nora)
    backstage.run(people.answer, nora.pk, FOUND)
    press(page, "Mostrar y copiar")

    expect(page.locator(".notes")).to_contain_text("Nora Ossa ya tiene respuesta del censo.")
    expect_person(page, caro)


def test_skipping_everybody_leads_back_to_the_first(page: Page, open_list: OpenList) -> None:
    _, caro, nora = open_list(*WAITING).referrals
    page.get_by_role("link", name="Consulta asistida").click()
    for somebody in (nora, caro):
        expect_person(page, somebody)
        page.get_by_role("link", name="Saltar a la siguiente persona").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("No queda nadie más después")
    page.get_by_role("link", name="Volver a la primera").click()
    expect_person(page, nora)


def test_without_javascript_it_works_as_well(
    product: Stack, backstage: Backstage, new_context: Callable[..., BrowserContext]
) -> None:
    leader = backstage.run(people.make_inviter, WAITING)
    _, caro, nora = leader.referrals
    page = new_context(java_script_enabled=False).new_page()
    log_in(page, product, leader.cedula, "/censo/asistida/")
    page.get_by_label("Pegue aquí el resultado").fill("hola")
    press(page, "Mostrar y copiar")
    expect(page.locator(".link-box")).to_have_text(nora.cedula)
    expect(page.get_by_role("button", name="Copiar la cédula")).to_be_hidden()

    page.get_by_label("Pegue aquí el resultado").fill(
        f"El documento de identidad número {nora.cedula} no se encuentra en el censo para esta elección."
    )
    press(page, "Revisar")
    press(page, "Guardar y seguir")
    expect(page.locator(".notes")).to_contain_text("Guardado: Nora Ossa · No está en el censo")
    expect_person(page, caro)
