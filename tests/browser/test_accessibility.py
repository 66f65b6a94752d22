"""Every page, with axe: WCAG 2.2 AA and best practice, on a phone and on a laptop."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP, PHONE
from tests.stack import Stack

pytestmark = pytest.mark.browser

PUBLIC = ["/registro/?ref=NOSUCH22", "/ingresar/", "/privacidad/"]
OWN = ["/", "/perfil/", "/perfil/clave/", "/no-existe/"]


def assert_clean(page: Page) -> None:
    """Have axe look at the page; a page wider than the screen is a defect as well."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_public_pages_and_their_complaints_are_accessible(page: Page, product: Stack, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    for path in PUBLIC:
        page.goto(product.url + path)
        assert_clean(page)
    page.goto(f"{product.url}/registro/")
    page.get_by_role("button", name="Crear mi cuenta").click()
    expect(page.locator("[name=cedula]")).to_have_attribute("aria-invalid", "true")
    assert_clean(page)


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_a_persons_pages_are_accessible_with_any_answer(
    page: Page, product: Stack, join: Callable[..., str], size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    for ending, status in (("00", "ACTIVE"), ("99", "CANCELLED_DECEASED"), ("95", "BLOCKED")):
        join(ending)
        assert_clean(page)
        expect(page.locator("#censo")).to_have_attribute("data-status", status, timeout=30_000)
        assert_clean(page)
        page.get_by_role("button", name="Salir").click()
        page.wait_for_url("**/ingresar/")
    join("96")
    for path in OWN:
        page.goto(product.url + path)
        assert_clean(page)
