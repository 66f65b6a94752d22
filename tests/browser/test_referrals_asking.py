"""Looking one, several or all up again from the list, behind a bar that moves and can be stopped."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, expect

from tests.browser import people
from tests.browser.backstage import Backstage
from tests.browser.conftest import log_in
from tests.browser.lists import (
    AT_ONCE,
    EVERYBODY,
    SOON,
    OpenList,
    assert_fits,
    both_sizes,
    box_of,
    detail_of,
    is_same,
    mark_the_page,
    opener_of,
    poll_now,
    refresh_of,
    requests_of,
    row_of,
    shown_ids,
    tab,
    toasts,
)
from tests.browser.people import BLOCKED, ERROR, FOUND, TIMEOUT, Invited
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_a_cedula_is_shown_on_demand_stays_shown_and_who_looked_is_written_down(
    page: Page, backstage: Backstage, open_list: OpenList
) -> None:
    leader = open_list(Invited("Caro Bermúdez"))
    (caro,) = leader.referrals
    number = f"{int(caro.cedula):,}".replace(",", ".")
    cell = row_of(page, caro).locator(".person-cedula")
    expect(cell).not_to_contain_text(number)
    assert backstage.run(people.looks_at, caro.pk) == []

    row_of(page, caro).get_by_role("button", name="Ver la cédula de Caro Bermúdez").click()
    expect(cell).to_contain_text(number)
    assert backstage.run(people.looks_at, caro.pk) == [("cedula_seen", leader.pk)]
    expect(detail_of(page, caro)).to_be_hidden()
    backstage.run(people.answer, caro.pk, FOUND)
    poll_now(page)
    expect(row_of(page, caro)).to_have_attribute("data-status", "ACTIVE", timeout=SOON)
    expect(cell).to_contain_text(number)
    page.reload()
    expect(cell).not_to_contain_text(number)
    assert len(backstage.run(people.looks_at, caro.pk)) == 1


def test_one_person_is_looked_up_again_in_place(page: Page, open_list: OpenList) -> None:
    (karen,) = open_list(Invited("Karen Ospina", BLOCKED)).referrals
    mark_the_page(page)
    opener_of(page, karen).click()
    refresh_of(page, karen).click()

    expect(row_of(page, karen)).to_have_attribute("data-status", re.compile("PENDING|PROCESSING"))
    expect(toasts(page)).to_have_text(["Listo: volvemos a consultar esta cédula."])
    expect(detail_of(page, karen)).to_be_visible()
    expect(opener_of(page, karen)).to_have_attribute("aria-expanded", "true")
    expect(refresh_of(page, karen)).to_have_count(0)
    expect(page.locator("#cuenta-errores")).to_have_text("0")
    expect(row_of(page, karen)).to_have_attribute("data-status", "ACTIVE", timeout=SOON)
    expect(refresh_of(page, karen)).to_be_visible()
    assert is_same(page)


def test_within_the_cooldown_one_is_told_how_long_it_lasts(
    page: Page, backstage: Backstage, open_list: OpenList
) -> None:
    (karen,) = open_list(Invited("Karen Ospina", BLOCKED)).referrals
    backstage.run(people.lengthen_cooldown, karen.pk, seconds=20)
    refresh_of(page, karen).click()

    wait = re.compile(r"^\s*Acaba de consultarse\. Podrá pedirlo de nuevo en (1\d|2[01]) segundos\.\s*$")
    expect(toasts(page)).to_have_text([wait])
    expect(row_of(page, karen)).to_have_attribute("data-status", "BLOCKED")
    expect(refresh_of(page, karen)).to_be_enabled()


@both_sizes
def test_people_are_marked_up_to_ten_and_looked_up_again_together(
    page: Page, open_list: OpenList, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    failed = [Invited(f"Persona {place:02}", BLOCKED) for place in range(12)]
    made = open_list(*EVERYBODY, *failed).referrals
    mark_the_page(page)
    status = page.locator(".person-row:has([name=ids])").evaluate_all("rows => rows.map(row => row.dataset.status)")
    assert sorted(status) == ["BLOCKED"] * 13 + ["ERROR", "TIMEOUT"]
    bar, first, second, *_, last = page.locator("#marcados"), *made[9:]
    expect(bar).to_be_hidden()

    box_of(page, first).check()
    expect(bar).to_be_in_viewport()
    expect(bar).to_contain_text("1 persona marcada")
    for somebody in made[10:19]:
        box_of(page, somebody).check()
    expect(bar).to_contain_text("10 personas marcadas, el máximo")
    expect(box_of(page, last)).to_be_disabled()
    expect(page.locator("[name=ids]:disabled")).to_have_count(5)
    assert_fits(page)
    box_of(page, first).uncheck()
    expect(bar).to_contain_text("9 personas marcadas")
    expect(page.locator("[name=ids]:disabled")).to_have_count(0)
    page.get_by_role("button", name="Desmarcar").click()
    expect(bar).to_be_hidden()
    expect(page.locator("[name=ids]:checked")).to_have_count(0)

    box_of(page, first).check()
    box_of(page, second).check()
    page.get_by_role("button", name="Actualizar marcadas").click()
    expect(toasts(page)).to_have_text(["2 consultas quedaron en turno."])
    for somebody in (first, second):
        expect(row_of(page, somebody)).not_to_have_attribute("data-status", "BLOCKED")
        expect(box_of(page, somebody)).to_have_count(0)
    expect(bar).to_be_hidden()
    expect(page.locator("[name=ids]:checked")).to_have_count(0)
    expect(page.locator("#cuenta-errores")).to_have_text("13")
    expect(toasts(page)).to_have_count(1)
    assert is_same(page)


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_enter_on_a_mark_asks_about_the_marked_and_not_about_whoever_comes_first(
    product: Stack, backstage: Backstage, new_context: Callable[..., BrowserContext], has_script: bool
) -> None:
    leader = backstage.run(people.make_inviter, [Invited("Karen Ospina", BLOCKED), Invited("Dani Restrepo", BLOCKED)])
    karen, dani = leader.referrals
    page = new_context(java_script_enabled=has_script).new_page()
    log_in(page, product, leader.cedula, "/referidos/")
    assert shown_ids(page)[0] == f"referido-{dani.pk}"
    box_of(page, karen).check()
    box_of(page, karen).press("Enter")

    expect(page.get_by_text("1 consulta quedó en turno.")).to_be_visible()
    expect(row_of(page, karen)).not_to_have_attribute("data-status", "BLOCKED")
    expect(row_of(page, dani)).to_have_attribute("data-status", "BLOCKED")


def _start_all(page: Page, number: int) -> list[str]:
    """Ask for all who match, say yes, and return what was asked."""
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.once("dialog", accept)
    page.get_by_role("button", name=f"Actualizar todos los que coinciden {number}").click()
    expect(page.locator("#avance progress")).to_have_attribute("max", str(number))
    return asked


def test_all_who_match_are_looked_up_again_behind_a_bar_that_moves_to_its_end(
    page: Page, backstage: Backstage, open_list: OpenList, held: Callable[[], None]
) -> None:
    failed = [Invited(f"Persona {place}", BLOCKED) for place in range(3)]
    made = open_list(*failed, Invited("Caro Bermúdez", FOUND)).referrals
    mark_the_page(page)
    held()

    asked = _start_all(page, 3)
    assert asked[0].startswith("¿Volver a consultar a 3 personas?")
    expect(toasts(page)).to_have_text(["Quedaron en turno 3 consultas."])
    bar = page.locator("#avance progress")
    expect(bar).to_have_attribute("value", "0")
    expect(page.locator("#avance")).to_contain_text("Consultando de nuevo a 3 personas")
    expect(page.locator("#avance")).to_contain_text(re.compile(r"0 de 3\s+· faltan unos \d+ s"))
    expect(page.locator("#todos form")).to_have_count(0)
    for somebody in made[:3]:
        expect(row_of(page, somebody)).to_have_attribute("data-status", re.compile("PENDING|PROCESSING"))
    backstage.run(people.answer, made[2].pk, FOUND)
    expect(bar).to_have_attribute("value", "1", timeout=SOON)
    expect(page.locator("#avance")).to_contain_text("1 de 3")
    expect(bar).to_have_count(0, timeout=SOON)
    expect(page.locator("#avance")).to_contain_text("Terminó la consulta de todos los que faltaban.")
    expect(toasts(page).last).to_have_text("Terminó la consulta de todos los que faltaban.")
    for somebody in made:
        expect(row_of(page, somebody)).to_have_attribute("data-status", "ACTIVE")
    assert page.locator("#vivo").get_attribute("hx-trigger") is None
    assert is_same(page)


def test_whoever_says_no_to_all_asks_for_nothing(page: Page, open_list: OpenList) -> None:
    (karen,) = open_list(Invited("Karen Ospina", BLOCKED)).referrals
    requests = requests_of(page)
    page.once("dialog", lambda dialog: dialog.dismiss())

    page.get_by_role("button", name="Actualizar todos los que coinciden 1").click()
    expect(row_of(page, karen)).to_have_attribute("data-status", "BLOCKED")
    assert requests == []


def test_a_cancelled_bulk_puts_the_rest_back_to_what_it_was_without_reloading(
    page: Page, open_list: OpenList, held: Callable[[], None]
) -> None:
    failures = [BLOCKED, TIMEOUT, ERROR, BLOCKED, TIMEOUT, ERROR]
    made = open_list(*[Invited(f"Persona {place}", failure) for place, failure in enumerate(failures)]).referrals
    mark_the_page(page)
    held()
    _start_all(page, 6)
    expect(row_of(page, made[-1])).to_have_attribute("data-status", "PENDING")

    page.get_by_role("button", name="Cancelar lo que falta").click()
    expect(page.locator("#avance progress")).to_have_count(0)
    expect(toasts(page).last).to_have_text(
        re.compile(r"Consulta cancelada: de 6 personas, [3-6] quedaron como estaban\.")
    )
    for somebody, status in zip(made[3:], ("BLOCKED", "TIMEOUT", "ERROR"), strict=True):
        expect(row_of(page, somebody)).to_have_attribute("data-status", status)
        expect(box_of(page, somebody)).to_be_enabled()
    expect(page.get_by_role("button", name="Actualizar todos los que coinciden")).to_be_visible()
    assert is_same(page)


def test_all_can_be_asked_for_again_after_a_bulk_was_cancelled_from_another_tab(
    page: Page, open_list: OpenList, held: Callable[[], None]
) -> None:
    open_list(*[Invited(f"Persona {place}", BLOCKED) for place in range(5)], Invited("Caro Bermúdez", FOUND))
    held()
    _start_all(page, 5)
    tab(page, "encontrados").click()
    page.get_by_role("button", name="Cancelar lo que falta").click()
    expect(page.locator("#avance progress")).to_have_count(0)

    tab(page, "todos").click()
    expect(page.get_by_role("button", name="Actualizar todos los que coinciden")).to_be_visible(timeout=AT_ONCE)


def test_while_a_bulk_runs_looking_one_person_up_again_offers_no_second_one(
    page: Page, open_list: OpenList, held: Callable[[], None]
) -> None:
    *_, caro = open_list(
        *[Invited(f"Persona {place}", BLOCKED) for place in range(5)], Invited("Caro Bermúdez", FOUND)
    ).referrals
    held()
    _start_all(page, 5)
    refresh_of(page, caro).click()
    expect(row_of(page, caro)).to_have_attribute("data-status", re.compile("PENDING|PROCESSING"))

    expect(page.locator("#avance progress")).to_be_visible()
    expect(page.locator("#todos form")).to_have_count(0)
