"""Every page, with axe: WCAG 2.2 AA and best practice, on a phone and on a laptop."""

from collections.abc import Callable
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP, PHONE
from tests.browser.people import BLOCKED, DECEASED, DOUBLE, ERROR, FOUND, NOT_FOUND, TIMEOUT, Invited, Somebody
from tests.stack import Stack

pytestmark = pytest.mark.browser

PUBLIC = ["/registro/?ref=NOSUCH22", "/ingresar/", "/privacidad/", "/recuperar/"]
ANSWERED = [FOUND, DECEASED, DOUBLE, NOT_FOUND, BLOCKED, TIMEOUT, ERROR]
EVERY_STATUS = [Invited(f"Persona {place}", outcome) for place, outcome in enumerate([*ANSWERED, None])]
OWN = ["/", "/enlace/tarjeta/", "/perfil/", "/perfil/clave/", "/perfil/sesiones/", "/no-existe/"]


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


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_joining_is_accessible_while_one_types_and_once_one_has_joined(
    page: Page, product: Stack, size: dict[str, int], colours: Literal["light", "dark"]
) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=colours)
    page.goto(f"{product.url}/registro/")
    page.locator("[name=cedula]").press_sequentially("12")
    page.locator("[name=password1]").press_sequentially("un-send")
    expect(page.locator("#id_password1_rules .is-met")).to_have_count(3)
    expect(page.locator("[name=cedula]")).to_have_attribute("aria-invalid", "true")
    assert_clean(page)
    page.context.add_cookies([{"name": "bienvenida", "value": "1", "url": product.url}])
    page.goto(product.url)
    expect(page.get_by_role("heading", name="Recibimos su registro")).to_be_visible()
    assert_clean(page)


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_home_and_helping_with_a_password_are_accessible(
    page: Page,
    product: Stack,
    open_list: Callable[..., Somebody],
    size: dict[str, int],
    colours: Literal["light", "dark"],
) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=colours)
    fabio = open_list(*EVERY_STATUS).referrals[0]
    page.goto(product.url)
    page.locator("summary").click()
    assert_clean(page)
    page.get_by_role("button", name="Pausar mi enlace").click()
    expect(page.get_by_text("Está en pausa.")).to_be_visible()
    assert_clean(page)
    page.goto(f"{product.url}/referidos/{fabio.pk}/clave/")
    assert_clean(page)
    page.get_by_role("button", name="Crear el enlace").click()
    expect(page.locator(".link-box")).to_be_visible()
    assert_clean(page)
    page.goto(page.locator(".link-box").inner_text())
    assert_clean(page)
    page.locator("[name=new_password1]").fill("x-9")
    page.get_by_role("button", name="Guardar la clave nueva").click()
    expect(page.locator("[name=new_password1]")).to_have_attribute("aria-invalid", "true")
    assert_clean(page)


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_the_list_is_accessible_closed_open_marked_and_while_many_are_asked_about(
    page: Page, open_list: Callable[..., Somebody], size: dict[str, int], colours: Literal["light", "dark"]
) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=colours)
    open_list(*EVERY_STATUS)
    assert_clean(page)
    for opener in page.locator("button.open").all():
        opener.click()
    expect(page.locator(".person-detail:visible")).to_have_count(len(EVERY_STATUS))
    assert_clean(page)
    for box in page.get_by_role("checkbox").all():
        box.check()
    expect(page.locator("#marcados")).to_be_visible()
    assert_clean(page)
    page.get_by_role("button", name="Desmarcar").click()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Actualizar todos los que coinciden").click()
    expect(page.locator("#avance progress")).to_be_visible()
    expect(page.locator("#toasts .toast")).to_be_visible()
    assert_clean(page)


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_the_lists_other_faces_are_accessible(
    page: Page, product: Stack, open_list: Callable[..., Somebody], size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    open_list(*EVERY_STATUS)
    for path in ("?estado=novedades&orden=nombre", "?q=nadie", "imprimir/"):
        page.goto(f"{product.url}/referidos/{path}")
        assert_clean(page)
    page.goto(f"{product.url}/referidos/")
    page.get_by_role("searchbox").fill("3001234567")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("link", name="Ver todos")).to_be_visible()
    assert_clean(page)
    open_other_list(page, open_list)
    assert_clean(page)
    open_other_list(page, open_list, *EVERY_STATUS, is_leader=False)
    for path in ("", "imprimir/"):
        page.goto(f"{product.url}/referidos/{path}")
        assert_clean(page)
    open_other_list(page, open_list, *[Invited(f"Persona {place}", NOT_FOUND) for place in range(51)])
    assert_clean(page)


def open_other_list(page: Page, open_list: Callable[..., Somebody], *invited: Invited, is_leader: bool = True) -> None:
    """Let somebody else take the browser."""
    page.context.clear_cookies()
    open_list(*invited, is_leader=is_leader)
