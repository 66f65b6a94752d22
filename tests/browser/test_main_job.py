"""The main job, as a person lives it: join through a link and see where one votes, without reloading.

Everything is real: gunicorn, a Django-Q2 worker with its Chromium, the practice census and its captcha service. This
is where the reading path ends.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP
from tests.stack import Stack
from vereda.census import demo

pytestmark = pytest.mark.browser

SOON = 30_000
"""Milliseconds that an answer may take on a busy machine; how long it does take is measured in bench/."""


def mark_the_page(page: Page) -> None:
    """Leave a mark that a reload would wipe out."""
    page.evaluate("window.notReloaded = true")


def was_reloaded(page: Page) -> bool:
    return page.evaluate("window.notReloaded") is not True


def test_a_person_joins_through_a_link_and_sees_the_answer_arrive_without_reloading(
    page: Page, product: Stack, join: Callable[..., str], foreign_requests: list[str]
) -> None:
    page.goto(f"{product.url}/ingresar/")
    page.get_by_role("textbox", name="Número de cédula").fill(demo.BETO)
    page.get_by_role("textbox", name="Clave").fill(demo.PASSWORD)
    page.get_by_role("button", name="Ingresar").click()
    link = page.locator("#enlace").inner_text().strip()
    page.get_by_role("button", name="Salir").first.click()
    page.wait_for_url("**/ingresar/")

    page.goto(link)
    expect(page.get_by_text("Beto Quiñones")).to_be_visible()
    cedula = join("00", ref=link.rsplit("=", 1)[1])
    section = page.locator("#censo")
    mark_the_page(page)

    expect(section).to_have_attribute("data-status", "ACTIVE", timeout=SOON)
    expect(section).to_contain_text("Este es su lugar de votación")
    expect(section).to_contain_text(re.compile(r"Mesa\s+\d+"))
    assert not was_reloaded(page)
    assert section.get_attribute("hx-trigger") is None
    assert cedula not in page.url
    assert foreign_requests == []


@pytest.mark.parametrize(
    ("ending", "status", "sentence"),
    [
        ("99", "CANCELLED_DECEASED", "es muy probable que sea un error de registro"),
        ("98", "CANCELLED_OTHER", "doble cedulación"),
        ("97", "CANCELLED_OTHER", "con los derechos políticos suspendidos"),
        ("96", "NOT_FOUND", "no aparece en el censo electoral"),
        ("89", "NOT_FOUND", "no aparece en el censo electoral"),
        ("95", "BLOCKED", "Esto no dice nada sobre su cédula"),
        ("93", "ERROR", "El problema fue de la consulta, no de su cédula"),
        ("92", "ERROR", "El problema fue de la consulta, no de su cédula"),
        ("91", "ERROR", "El problema fue de la consulta, no de su cédula"),
    ],
)
def test_whatever_the_census_does_the_person_reads_the_truth(
    page: Page, join: Callable[..., str], ending: str, status: str, sentence: str
) -> None:
    join(ending)
    mark_the_page(page)

    expect(page.locator("#censo")).to_have_attribute("data-status", status, timeout=SOON)
    expect(page.locator("#censo")).to_contain_text(sentence)
    assert not was_reloaded(page)


def test_a_site_that_never_answers_ends_in_a_visible_timeout(page: Page, join: Callable[..., str]) -> None:
    join("94")

    expect(page.locator("#censo")).to_have_attribute("data-status", "TIMEOUT", timeout=SOON)


def test_a_waiting_person_sees_that_it_waits_and_later_the_answer(page: Page, join: Callable[..., str]) -> None:
    join("90")

    expect(page.locator("#censo")).to_have_attribute("data-status", re.compile("PENDING|PROCESSING"))
    expect(page.locator("#censo")).to_have_attribute("data-status", "ACTIVE", timeout=SOON)


def test_a_person_asks_again_and_keeps_the_old_answer_on_screen(page: Page, join: Callable[..., str]) -> None:
    join("00")
    section = page.locator("#censo")
    expect(section).to_have_attribute("data-status", "ACTIVE", timeout=SOON)
    mark_the_page(page)
    page.wait_for_timeout(1500)  # the cooldown; a condition in the page would be evaluated, which its policy forbids

    page.get_by_role("button", name="Consultar de nuevo").click()
    expect(section).to_have_attribute("data-status", re.compile("PENDING|PROCESSING"))
    expect(section).to_contain_text("Mesa")
    expect(section).to_have_attribute("data-status", "ACTIVE", timeout=SOON)
    assert not was_reloaded(page)


def test_a_session_that_ends_elsewhere_leaves_nothing_personal_on_screen(
    page: Page, product: Stack, join: Callable[..., str]
) -> None:
    join("90")
    page.context.clear_cookies()

    page.wait_for_url("**/ingresar/?next=%2Fperfil%2F", timeout=SOON)
    expect(page.get_by_text("Nora Sinisterra")).to_have_count(0)


@pytest.mark.parametrize("path", ["/registro/", "/ingresar/", "/privacidad/"])
def test_public_pages_fit_a_laptop_and_ask_no_foreign_host(
    page: Page, product: Stack, foreign_requests: list[str], path: str
) -> None:
    page.set_viewport_size(LAPTOP)
    page.goto(product.url + path)

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert foreign_requests == []


def test_no_log_line_of_the_product_carries_a_cedula(page: Page, product: Stack, join: Callable[..., str]) -> None:
    cedula = join("92")
    expect(page.locator("#censo")).to_have_attribute("data-status", "ERROR", timeout=SOON)

    log = product.log.read_text()
    assert "lookup.ended" in log
    assert cedula not in log
