"""People's own pages in a browser: joining while being helped to type, by keyboard alone, sessions and recovery."""

from collections.abc import Callable
from itertools import count

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests import make
from tests.browser.conftest import log_in
from tests.browser.people import FOUND, Invited, Somebody
from tests.stack import Stack

pytestmark = pytest.mark.browser

NEW = "otro-sendero-largo"
MOST_STOPS = 60
_numbers = count(90_050_000)


def field(page: Page, name: str) -> Locator:
    return page.locator(f"[name={name}]")


def notes(page: Page, name: str) -> Locator:
    return page.locator(f"#id_{name}_notes")


def fill_in(page: Page, cedula: str) -> None:
    """Fill the registration in and send it."""
    typed = {"cedula": cedula, "full_name": "Nora Sinisterra", "phone": "300 123 4567"}
    for name, value in {**typed, "password1": make.PASSWORD, "password2": make.PASSWORD}.items():
        field(page, name).fill(value)
    field(page, "accept_policy").check()
    page.get_by_role("button", name="Crear mi cuenta").click()


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until an element has the focus; on the way every stop must be seen to have it."""
    for _ in range(MOST_STOPS):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || isSeen(document.activeElement)")
    raise AssertionError(f"{wanted} is not reached by Tab")


@pytest.fixture
def keyboard(page: Page) -> Page:
    """A page in which it can be asked whether an element is seen to have the focus."""
    page.add_init_script("""window.isSeen = (element) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        const { width, height } = element.getBoundingClientRect();
        return width > 0 && height > 0 && outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    };""")
    return page


def test_somebody_joins_and_looks_after_their_data_by_keyboard_alone(
    keyboard: Page, product: Stack, open_list: Callable[..., Somebody]
) -> None:
    page = keyboard
    page.goto(f"{product.url}/registro/")
    typed = {"cedula": f"{next(_numbers)}0", "full_name": "Nora Sinisterra", "phone": "300 123 4567"}
    for name, value in {**typed, "password1": make.PASSWORD, "password2": make.PASSWORD}.items():
        tab_to(page, field(page, name))
        page.keyboard.type(value)
    tab_to(page, field(page, "accept_policy"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Crear mi cuenta"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{product.url}/")

    tab_to(page, page.get_by_role("link", name="Ver dónde voto"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{product.url}/perfil/")
    tab_to(page, field(page, "referral_goal"))
    page.keyboard.press("Control+A")
    page.keyboard.type("25")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sus datos quedaron guardados.")).to_be_visible()

    tab_to(page, page.get_by_role("link", name="Inicio"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{product.url}/")
    expect(page.get_by_text("su meta de 25")).to_be_visible()
    tab_to(page, page.get_by_role("link", name="Tarjeta para imprimir"))
    tab_to(page, page.locator("summary"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Pausar mi enlace"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Está en pausa.")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Reanudar mi enlace"))
    page.keyboard.press("Enter")
    expect(page.locator("#enlace")).to_be_visible()


def test_a_field_complains_while_it_is_typed_and_leaves_the_typing_alone(page: Page, product: Stack) -> None:
    page.goto(f"{product.url}/registro/")
    cedula = field(page, "cedula")
    cedula.press_sequentially("12")
    expect(notes(page, "cedula")).to_contain_text("Escriba la cédula solo con números, entre 5 y 10")

    expect(cedula).to_be_focused()
    expect(cedula).to_have_value("12")
    expect(cedula).to_have_attribute("aria-invalid", "true")
    expect(cedula).to_have_attribute("aria-describedby", "id_cedula_notes")
    expect(notes(page, "cedula")).to_have_attribute("aria-live", "polite")
    for other in ("full_name", "phone", "password1", "password2"):
        expect(notes(page, other)).to_be_empty()

    cedula.press_sequentially("345678")
    expect(notes(page, "cedula")).to_be_empty()
    expect(cedula).not_to_have_attribute("aria-invalid", "true")
    assert page.url == f"{product.url}/registro/"


def test_a_field_that_is_emptied_again_complains_no_more(page: Page, product: Stack) -> None:
    page.goto(f"{product.url}/registro/")
    field(page, "phone").press_sequentially("3")
    expect(notes(page, "phone")).to_contain_text("Escriba un teléfono de Colombia")
    field(page, "phone").press("Backspace")

    expect(notes(page, "phone")).to_be_empty()


def test_what_is_checked_goes_into_no_address_and_nothing_else_goes_along(page: Page, product: Stack) -> None:
    asked: list[tuple[str, str]] = []
    page.on("request", lambda request: asked.append((request.url, request.post_data or "")))
    page.goto(f"{product.url}/registro/")
    field(page, "password1").fill(make.PASSWORD)
    field(page, "cedula").press_sequentially("900200009")
    page.wait_for_timeout(1500)

    bodies = [body for url, body in asked if url.endswith("/registro/validar/")]
    assert not [url for url, _ in asked if "900200009" in url]
    (of_cedula,) = [body for body in bodies if "campo=cedula" in body]
    assert "cedula=900200009" in of_cedula
    assert "password1" not in of_cedula


def test_the_rules_for_passwords_tick_one_by_one(page: Page, product: Stack) -> None:
    page.goto(f"{product.url}/registro/")
    met = page.locator("#id_password1_rules .is-met")
    field(page, "password1").press_sequentially("un-send")
    expect(met).to_have_count(3)
    expect(page.locator("#id_password1_rules li").first).to_have_text("Al menos 8 caracteres: falta")
    field(page, "password1").press_sequentially("ero-largo")

    expect(met).to_have_count(4)
    expect(notes(page, "password1")).to_be_empty()


@pytest.mark.parametrize("inputmode", [("cedula", "numeric"), ("phone", "tel")])
def test_numbers_are_typed_on_a_keyboard_of_numbers(page: Page, product: Stack, inputmode: tuple[str, str]) -> None:
    page.goto(f"{product.url}/registro/")
    name, keyboard = inputmode

    expect(field(page, name)).to_have_attribute("inputmode", keyboard)


def test_a_registered_cedula_leads_to_the_same_page_as_a_new_one(page: Page, browser: Browser, product: Stack) -> None:
    cedula = f"{next(_numbers)}0"
    seen = []
    for _ in range(2):
        context = browser.new_context(locale="es-CO")
        visitor = context.new_page()
        visitor.goto(f"{product.url}/registro/")
        fill_in(visitor, cedula)
        visitor.wait_for_url(f"{product.url}/")
        cookies = sorted((cookie["name"], len(cookie["value"])) for cookie in context.cookies())
        seen.append((visitor.locator("body").inner_html(), cookies))
        context.close()

    assert "Recibimos su registro" in seen[0][0]
    assert seen[0] == seen[1]
    log_in(page, product, cedula, "/")
    expect(page.get_by_text("Alguien intentó registrarse con su cédula el")).to_be_visible()
    page.get_by_role("button", name="Entendido").click()
    expect(page.get_by_text("Alguien intentó registrarse")).to_have_count(0)


def test_a_session_is_ended_from_another_browser(
    page: Page, browser: Browser, product: Stack, open_list: Callable[..., Somebody]
) -> None:
    somebody = open_list()
    with browser.new_context() as elsewhere:
        other = elsewhere.new_page()
        log_in(other, product, somebody.cedula, "/")
        page.goto(f"{product.url}/perfil/")
        page.get_by_role("link", name="Ver mis sesiones abiertas").click()
        expect(page.get_by_role("heading", name="Chrome en Linux")).to_have_count(2)
        page.get_by_role("button", name="Cerrar la sesión de Chrome en Linux").click()

        expect(page.get_by_text("esa sesión quedó cerrada")).to_be_visible()
        other.reload()
        expect(other).to_have_url(f"{product.url}/ingresar/?next=/")


def test_a_leader_helps_somebody_to_a_new_password(
    page: Page, browser: Browser, product: Stack, open_list: Callable[..., Somebody]
) -> None:
    leader = open_list(Invited("Fabio Zúñiga", FOUND))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Fabio Zúñiga", exact=True).click()
    page.get_by_role("link", name="Ayudar a recuperar la clave").click()
    page.get_by_role("button", name="Crear el enlace").click()
    page.get_by_role("button", name="Copiar enlace").click()
    expect(page.get_by_role("button", name="Enlace copiado")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")

    with browser.new_context(locale="es-CO") as elsewhere:
        other = elsewhere.new_page()
        other.goto(link)
        expect(other).to_have_url(f"{product.url}/recuperar/")
        field(other, "new_password1").fill(NEW)
        field(other, "new_password2").fill(NEW)
        other.get_by_role("button", name="Guardar la clave nueva").click()
        expect(other.get_by_text("Su clave quedó cambiada.")).to_be_visible()
        field(other, "username").fill(leader.referrals[0].cedula)
        field(other, "password").fill(NEW)
        other.get_by_role("button", name="Ingresar").click()
        expect(other).to_have_url(f"{product.url}/")
        other.goto(link)
        expect(other.get_by_role("heading", name="Este enlace ya no sirve")).to_be_visible()


def test_a_sheet_of_paper_holds_four_cards(page: Page, product: Stack, open_list: Callable[..., Somebody]) -> None:
    open_list()
    page.goto(f"{product.url}/enlace/tarjeta/")
    expect(page.locator(".paper-card:visible")).to_have_count(1)
    page.emulate_media(media="print")

    expect(page.locator(".paper-card:visible")).to_have_count(4)
    expect(page.get_by_role("navigation")).to_be_hidden()
