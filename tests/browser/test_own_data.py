"""One's own data, as a person without a mouse goes through it: seen, permitted, withdrawn, taken along and erased."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.homes import IS_POSTGRESQL
from tests.stack import Stack, manage

pytestmark = pytest.mark.browser

SOON = 30_000
NAME, PHONE = "Zoraida Güecha Ñáñez", "317 555 0142"
WHAT_HAS_FOCUS = """() => {
  const it = document.activeElement;
  return (it.getAttribute("aria-label") || it.textContent || it.labels?.[0]?.textContent || it.name || "").trim();
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this name has the focus, and see that one sees it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(WHAT_HAS_FOCUS).startswith(name):
            style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert style != "none", f"{name} has the focus and does not show it"
            return
    raise AssertionError(f"no way by Tab to {name}")


def follow(page: Page, name: str, title: str) -> None:
    """Press Enter on what has this name, and wait for the page with this title."""
    tab_to(page, name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=title, level=1, exact=True)).to_be_visible()


def test_by_keyboard_alone_one_sees_withdraws_gives_takes_along_and_erases(
    page: Page, product: Stack, join: Callable[..., str]
) -> None:
    cedula = join("00", full_name=NAME, phone=PHONE)
    section = page.locator("#censo")
    expect(section).to_have_attribute("data-status", "ACTIVE", timeout=SOON)
    follow(page, "Mis datos y mis permisos", "Mis datos")
    expect(page.get_by_text("Nadie ha abierto su cédula completa")).to_be_visible()

    follow(page, "Retirar este permiso", "Mis datos")
    expect(page.get_by_text("No guardamos ninguna respuesta.")).to_be_visible()
    follow(page, "Mi perfil", "Mi perfil")
    expect(section).to_have_attribute("data-status", "")
    assert section.get_attribute("hx-trigger") is None
    follow(page, "Autorizar la consulta", "Mi perfil")
    expect(section).to_have_attribute("data-status", "ACTIVE", timeout=SOON)

    follow(page, "Mis datos y mis permisos", "Mis datos")
    follow(page, "Ver e imprimir el comprobante", "Comprobante de autorización")
    expect(page.locator(".acts tbody tr")).to_have_count(4)
    follow(page, "Mis datos", "Mis datos")
    tab_to(page, "Descargar mis datos")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert json.loads(Path(download.value.path()).read_text())["cuenta"]["cedula"] == cedula

    follow(page, "Ver qué se borra", "Borrar mi cuenta")
    tab_to(page, "Su clave")
    page.keyboard.type(make.PASSWORD)
    tab_to(page, "Entiendo que se borra todo")
    page.keyboard.press("Space")
    follow(page, "Borrar mi cuenta y mis datos", "Ingrese a Vereda")
    expect(page.get_by_text("Borramos su cuenta y todos sus datos")).to_be_visible()

    assert_gone(product, cedula)


def assert_gone(product: Stack, cedula: str) -> None:
    """Find no trace in SQLite's files after the daily purge, nor in what web and worker have logged."""
    manage(product.environment, "purge")
    files = [path for path in product.log.parent.iterdir() if path.name.startswith("vereda.sqlite3")]
    held = b"".join(path.read_bytes() for path in [*files, product.log])
    assert len(held) > 100_000 or IS_POSTGRESQL

    digits = PHONE.replace(" ", "")
    for trace in (cedula, NAME, "zoraida guecha", digits, PHONE, f"{int(cedula):,}".replace(",", ".")):
        assert trace.encode() not in held, trace


def test_a_person_without_javascript_withdraws_too(page: Page, product: Stack, join: Callable[..., str]) -> None:
    join("96")
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    plain = context.new_page()
    plain.goto(f"{product.url}/perfil/mis-datos/")
    plain.get_by_role("button", name="Retirar este permiso").first.click()

    expect(plain.get_by_text("Sin autorizar").first).to_be_visible()
    context.close()


def test_being_called_is_a_box_of_its_own_that_nobody_has_to_tick(page: Page, product: Stack) -> None:
    page.goto(f"{product.url}/registro/")

    expect(page.get_by_role("checkbox", name="Leí y acepto")).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="Autorizo que la persona que me invitó")).not_to_be_checked()
