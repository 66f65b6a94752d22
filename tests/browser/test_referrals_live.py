"""The list as a leader lives it: answers arrive in place, rows open and stay open."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser import people
from tests.browser.backstage import Backstage
from tests.browser.conftest import log_in
from tests.browser.lists import (
    A_POLL,
    AT_ONCE,
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
    polls,
    requests_of,
    row_of,
)
from tests.browser.people import BLOCKED, DECEASED, DOUBLE, ERROR, FOUND, NOT_FOUND, TIMEOUT, Invited, Somebody
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_a_waiting_row_becomes_its_answer_without_reloading_and_then_the_page_asks_no_more(
    page: Page, backstage: Backstage, open_list: OpenList
) -> None:
    caro, dani = open_list(Invited("Caro Bermúdez"), Invited("Dani Restrepo", FOUND)).referrals
    mark_the_page(page)
    requests = requests_of(page)
    expect(row_of(page, caro)).to_have_attribute("data-status", "PENDING")
    expect(page.locator("#cuenta-pendientes")).to_have_text("1")
    expect(page.locator("#cuenta-encontrados")).to_have_text("1")
    expect(page.locator("#vivo")).to_have_attribute("hx-trigger", "every 5s")

    backstage.run(people.let_go, caro.pk)
    expect(row_of(page, caro)).to_have_attribute("data-status", "ACTIVE", timeout=SOON)
    expect(row_of(page, caro)).to_contain_text("Encontrado")
    expect(page.locator("#cuenta-pendientes")).to_have_text("0")
    expect(page.locator("#cuenta-encontrados")).to_have_text("2")
    expect(row_of(page, dani)).to_have_attribute("data-status", "ACTIVE")
    expect(page.locator("#cambios")).to_have_text("Caro Bermúdez: Encontrado")
    assert polls(requests)
    assert page.locator("#vivo").get_attribute("hx-trigger") is None
    requests.clear()
    page.wait_for_timeout(A_POLL)
    assert requests == []
    assert is_same(page)


def test_what_another_browser_refreshed_arrives_while_the_page_polls(
    page: Page, product: Stack, open_list: OpenList, new_context: Callable[..., BrowserContext]
) -> None:
    leader = open_list(Invited("Iris Mora"), Invited("Karen Ospina", BLOCKED))
    _, karen = leader.referrals
    mark_the_page(page)
    other = new_context().new_page()
    log_in(other, product, leader.cedula, "/referidos/")

    box_of(other, karen).check()
    other.get_by_role("button", name="Actualizar marcadas").click()
    expect(row_of(other, karen)).to_have_attribute("data-status", re.compile("PENDING|PROCESSING"))
    expect(row_of(page, karen)).to_have_attribute("data-status", "ACTIVE", timeout=SOON)
    expect(page.locator("#cuenta-errores")).to_have_text("0")
    expect(box_of(page, karen)).to_have_count(0)
    expect(page.locator("#todos form")).to_have_count(0)
    assert is_same(page)


def test_a_hidden_tab_asks_nothing_and_catches_up_when_it_is_seen_again(
    page: Page, backstage: Backstage, open_list: OpenList
) -> None:
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => window.__hidden === true })")
    caro, _ = open_list(Invited("Caro Bermúdez"), Invited("Dani Restrepo")).referrals
    page.evaluate("window.__hidden = true")
    poll_now(page)
    requests = requests_of(page)
    backstage.run(people.answer, caro.pk, FOUND)
    page.wait_for_timeout(A_POLL)
    assert requests == []
    expect(row_of(page, caro)).to_have_attribute("data-status", "PENDING")

    page.evaluate("window.__hidden = false")
    poll_now(page)
    expect(row_of(page, caro)).to_have_attribute("data-status", "ACTIVE", timeout=AT_ONCE)


def test_a_session_that_ends_elsewhere_leaves_nothing_personal_on_screen(page: Page, open_list: OpenList) -> None:
    open_list(Invited("Caro Bermúdez"))
    page.context.clear_cookies()
    poll_now(page)

    page.wait_for_url("**/ingresar/?next=%2Freferidos%2F", timeout=SOON)
    expect(page.get_by_text("Bermúdez")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("button", name="Ingresar")).to_be_visible()
    expect(page.get_by_text("Bermúdez")).to_have_count(0)


def test_rows_that_changed_live_are_what_a_reload_shows(page: Page, backstage: Backstage, open_list: OpenList) -> None:
    outcomes = (FOUND, DECEASED, DOUBLE, NOT_FOUND, BLOCKED, TIMEOUT, ERROR)
    waiting = [Invited(f"Persona {place}") for place in range(len(outcomes) + 1)]
    made = open_list(*waiting, Invited("Karen Ospina", BLOCKED), Invited("Caro Bermúdez", FOUND)).referrals
    mark_the_page(page)
    for somebody, outcome in zip(made, outcomes, strict=False):
        backstage.run(people.answer, somebody.pk, outcome)
    backstage.run(people.answer, made[-2].pk, TIMEOUT)
    backstage.run(people.answer, made[-1].pk, ERROR)  # the answer stays, with what went wrong beside it
    opener_of(page, made[0]).click()

    poll_now(page)
    expect(row_of(page, made[0])).to_have_attribute("data-status", "ACTIVE", timeout=SOON)
    expect(detail_of(page, made[-1])).to_contain_text("No pudimos actualizar la respuesta.")
    page.wait_for_timeout(100)  # until htmx has settled
    assert is_same(page)
    live = _as_reloaded(page)
    page.reload()
    assert live == _as_reloaded(page)


def _as_reloaded(page: Page) -> dict[str, str]:
    """Return the HTML of rows, counters and poll, without what a reload closes and unticks."""
    parts = page.locator(".person-row, .person-detail, .tab-count, #vivo")
    found: list[tuple[str, str]] = parts.evaluate_all("parts => parts.map(part => [part.id, part.outerHTML])")
    noise = r' (hidden|checked|disabled)=""| aria-expanded="\w+"| class=""'
    return {name: re.sub(noise, "", html) for name, html in found}


@both_sizes
def test_a_row_opens_and_closes_by_click_and_by_keyboard(page: Page, open_list: OpenList, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    caro, karen = open_list(Invited("Caro Bermúdez", FOUND), Invited("Karen Ospina", BLOCKED)).referrals
    opener, detail = opener_of(page, caro), detail_of(page, caro)
    expect(detail).to_be_hidden()
    expect(opener).to_have_attribute("aria-expanded", "false")
    expect(opener).to_have_attribute("aria-controls", f"referido-{caro.pk}-detalle")

    opener.click()
    expect(detail).to_be_visible()
    expect(opener).to_have_attribute("aria-expanded", "true")
    expect(detail_of(page, karen)).to_be_hidden()
    page.keyboard.press("Enter")
    expect(detail).to_be_hidden()
    expect(opener).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Space")
    expect(detail).to_be_visible()
    row_of(page, caro).locator(".person-date").click()  # the row is a target as well
    expect(detail).to_be_hidden()
    expect(opener).to_have_attribute("aria-expanded", "false")
    assert_fits(page)


@both_sizes
def test_an_open_row_a_mark_the_focus_and_the_place_on_the_page_survive_live_updates(
    page: Page, backstage: Backstage, open_list: OpenList, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    others = [Invited(f"Persona {place}", FOUND) for place in range(12)]
    leader = open_list(
        *others, Invited("Caro Bermúdez"), Invited("Karen Ospina", BLOCKED), Invited("Iris Mora"), *others
    )
    caro, karen, iris = leader.referrals[12:15]
    mark_the_page(page)
    box_of(page, karen).check()
    opener_of(page, karen).click()
    opener_of(page, caro).click()
    expect(opener_of(page, caro)).to_be_focused()
    before = _place(page, caro)
    assert before["scroll"] > 0

    backstage.run(people.answer, caro.pk, FOUND)
    backstage.run(people.answer, karen.pk, TIMEOUT)
    poll_now(page)
    expect(row_of(page, caro)).to_have_attribute("data-status", "ACTIVE", timeout=SOON)
    expect(row_of(page, karen)).to_have_attribute("data-status", "TIMEOUT")
    expect(row_of(page, iris)).to_have_attribute("data-status", "PENDING")
    for somebody in (caro, karen):
        expect(detail_of(page, somebody)).to_be_visible()
        expect(opener_of(page, somebody)).to_have_attribute("aria-expanded", "true")
    expect(detail_of(page, iris)).to_be_hidden()
    expect(detail_of(page, caro)).to_contain_text("ESCUELA LA LOMA")
    expect(detail_of(page, karen)).to_contain_text("no respondió a tiempo")
    expect(box_of(page, karen)).to_be_checked()
    expect(page.locator("#marcados")).to_contain_text("1 persona marcada")
    expect(opener_of(page, caro)).to_be_focused()
    assert _place(page, caro) == before
    assert is_same(page)


def _place(page: Page, somebody: Somebody) -> dict[str, float]:
    """Return how far the page is scrolled and where a person's row stands on the screen."""
    box = row_of(page, somebody).bounding_box()
    assert box is not None
    return {"scroll": page.evaluate("window.scrollY"), "row": box["y"]}


@pytest.mark.parametrize(
    "control",
    [
        "button.open",
        "[name=ids]",
        ".person-act button",
        ".person-cedula button",
        ".person-phone a",
    ],
    ids=["opener", "mark", "refresh", "cedula", "phone"],
)
def test_the_focus_stays_on_any_control_of_a_row_that_changes(
    page: Page, backstage: Backstage, open_list: OpenList, control: str
) -> None:
    karen, _ = open_list(Invited("Karen Ospina", BLOCKED), Invited("Iris Mora")).referrals
    row_of(page, karen).locator(control).focus()

    backstage.run(people.answer, karen.pk, TIMEOUT)
    poll_now(page)
    expect(row_of(page, karen)).to_have_attribute("data-status", "TIMEOUT")
    expect(row_of(page, karen).locator(control)).to_be_focused()


def test_an_opened_row_tells_the_place_the_novedad_or_what_went_wrong(page: Page, open_list: OpenList) -> None:
    caro, fabio, gloria, ines, karen = open_list(
        Invited("Caro Bermúdez", FOUND),
        Invited("Fabio Mendieta", DECEASED),
        Invited("Gloria Anacona", DOUBLE),
        Invited("Inés Chocontá", NOT_FOUND),
        Invited("Karen Ospina", BLOCKED),
    ).referrals
    for somebody in (caro, fabio, gloria, ines, karen):
        opener_of(page, somebody).click()

    for name, value in {
        "Puesto": "ESCUELA LA LOMA",
        "Dirección": "CL 18 # 24-30",
        "Mesa": "17",
        "Municipio": "PASTO",
        "Departamento": "NARIÑO",
    }.items():
        expect(_fact(detail_of(page, caro), name)).to_have_text(value)
    link = detail_of(page, caro).get_by_role("link", name="Ver en el mapa")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", re.compile("noreferrer"))  # which implies noopener
    address = urlsplit(link.get_attribute("href") or "")
    assert (address.scheme, address.hostname) == ("https", "www.google.com")
    assert dict(parse_qsl(address.query))["query"] == "ESCUELA LA LOMA, CL 18 # 24-30, PASTO, NARIÑO, Colombia"
    source = re.compile(r"Según el censo de la Registraduría · \d+ de [a-z]+ de 20\d\d, \d+:\d\d [ap]\.m\.")
    for somebody in (caro, fabio, gloria, ines):
        expect(detail_of(page, somebody)).to_contain_text(source)

    expect(_fact(detail_of(page, fabio), "Novedad")).to_have_text("Cancelada por Muerte")
    expect(_fact(detail_of(page, fabio), "Resolución")).to_have_text("1234")
    expect(_fact(detail_of(page, fabio), "Fecha de la novedad")).to_have_text("05/03/2021")
    expect(_fact(detail_of(page, gloria), "Novedad")).to_have_text("Cancelada por Doble Cedulación")
    expect(detail_of(page, ines)).to_contain_text("no está en el censo")
    expect(detail_of(page, karen)).to_contain_text("La página de la Registraduría no nos dejó consultar.")
    expect(detail_of(page, karen)).to_contain_text("Esto no dice nada sobre la cédula.")


def _fact(detail: Locator, name: str) -> Locator:
    return detail.locator("dl > div").filter(has=detail.page.get_by_text(name, exact=True)).locator("dd")
