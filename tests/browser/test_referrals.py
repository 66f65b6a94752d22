"""Who sees what of the list, where the focus goes, and all of it without JavaScript."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import people
from tests.browser.backstage import Backstage
from tests.browser.conftest import log_in
from tests.browser.lists import (
    EVERYBODY,
    OpenList,
    assert_fits,
    both_sizes,
    box_of,
    detail_of,
    refresh_of,
    requests_of,
    row_of,
    shown_ids,
    tab,
)
from tests.browser.people import BLOCKED, FOUND, Invited
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_the_focus_stays_in_the_row_whose_cedula_is_shown(page: Page, open_list: OpenList) -> None:
    (caro,) = open_list(Invited("Caro Bermúdez", FOUND)).referrals
    row_of(page, caro).locator(".person-cedula button").press("Enter")
    expect(row_of(page, caro).locator(".person-cedula button")).to_have_count(0)

    expect(row_of(page, caro).locator(":focus")).to_have_count(1)


def test_the_focus_goes_to_the_rows_when_the_bar_of_the_marked_goes(page: Page, open_list: OpenList) -> None:
    (karen,) = open_list(Invited("Karen Ospina", BLOCKED)).referrals
    box_of(page, karen).check()
    page.get_by_role("button", name="Actualizar marcadas").press("Enter")
    expect(page.locator("#marcados")).to_be_hidden()

    expect(page.locator("#referidos :focus")).to_have_count(1)


def test_the_focus_goes_to_the_progress_and_from_there_back(
    page: Page, open_list: OpenList, held: Callable[[], None]
) -> None:
    open_list(Invited("Karen Ospina", BLOCKED), Invited("Dani Restrepo", BLOCKED))
    held()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Actualizar todos los que coinciden 2").press("Enter")
    expect(page.locator("#avance :focus")).to_have_count(1)

    page.get_by_role("button", name="Cancelar lo que falta").press("Enter")
    expect(page.locator("#todos :focus")).to_have_count(1)


@both_sizes
def test_a_user_sees_whom_they_invited_without_what_the_census_says(
    page: Page, open_list: OpenList, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    made = open_list(*EVERYBODY, is_leader=False).referrals
    assert shown_ids(page) == [f"referido-{somebody.pk}" for somebody in reversed(made)]
    expect(row_of(page, made[0])).to_contain_text("Zoé Ñáñez")
    for absent in ("#pestanas", ".badge-v", "[name=ids]", ".person-act", ".person-detail", "#vivo", "#todos", ".mini"):
        expect(page.locator(absent)).to_have_count(0)
    for word in ("Encontrado", "Consultar", "Actualizar", "PASTO", "muerte"):
        expect(page.locator("main")).not_to_contain_text(word)

    requests = requests_of(page)
    page.locator("[data-order=nombre]").click()
    expect(page).to_have_url(re.compile(r"\?orden=nombre$"))
    assert shown_ids(page)[0] == f"referido-{made[7].pk}"
    assert shown_ids(page)[-1] == f"referido-{made[0].pk}"
    assert requests == []
    assert_fits(page)


@both_sizes
def test_whoever_invited_nobody_yet_is_given_their_link(
    page: Page, product: Stack, open_list: OpenList, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    open_list()
    expect(page.get_by_role("heading", name="Todavía no ha llegado nadie")).to_be_visible()
    link = page.locator(".link-box").inner_text()
    assert re.fullmatch(rf"{re.escape(product.url)}/registro/\?ref=[A-Z0-9]{{8}}", link.strip())
    expect(page.get_by_role("button", name="Copiar enlace")).to_be_visible()
    expect(page.get_by_role("link", name="Enviar por WhatsApp")).to_have_attribute(
        "href", re.compile("^https://wa.me/")
    )
    expect(page.get_by_role("searchbox")).to_have_count(0)
    assert_fits(page)


def test_without_javascript_the_list_opens_filters_sorts_searches_and_refreshes(
    product: Stack, backstage: Backstage, new_context: Callable[..., BrowserContext]
) -> None:
    leader = backstage.run(people.make_inviter, EVERYBODY)
    zoe, karen, oscar = leader.referrals[0], leader.referrals[4], leader.referrals[5]
    page = new_context(java_script_enabled=False).new_page()
    log_in(page, product, leader.cedula, "/referidos/")
    assert len(_rows_without_script(page)) == 9
    for somebody in leader.referrals:
        expect(detail_of(page, somebody)).to_be_visible()
    expect(detail_of(page, zoe)).to_contain_text("ESCUELA LA LOMA")
    expect(row_of(page, zoe).get_by_role("button", name=re.compile("Ver la cédula"))).to_have_count(0)

    tab(page, "errores").click()
    expect(page).to_have_url(re.compile(r"\?estado=errores$"))
    assert len(_rows_without_script(page)) == 3
    page.locator("[data-order=nombre]").click()
    expect(page).to_have_url(re.compile(r"\?estado=errores&orden=nombre$"))
    assert _rows_without_script(page) == ["Nacho Ávila", "Ñusta Peña", "Óscar Rúa"]
    page.get_by_role("searchbox").fill("rua")
    page.get_by_role("searchbox").press("Enter")
    assert _rows_without_script(page) == ["Óscar Rúa"]

    page.goto(f"{product.url}/referidos/?estado=errores")
    box_of(page, karen).check()
    page.get_by_role("button", name="Actualizar marcadas").click()
    expect(page.locator(".notes")).to_contain_text("1 consulta quedó en turno.")
    expect(page).to_have_url(re.compile(r"\?estado=errores(#.*)?$"))
    assert len(_rows_without_script(page)) == 2
    refresh_of(page, oscar).click()
    expect(page.locator(".notes")).to_contain_text("Listo: volvemos a consultar esta cédula.")
    assert _rows_without_script(page) == ["Nacho Ávila"]


def _rows_without_script(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".person-row .person-name").all_inner_texts()]
