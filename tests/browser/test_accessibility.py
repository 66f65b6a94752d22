"""Every page, with axe: WCAG 2.2 AA and best practice, on a phone and on a laptop."""

import base64
from collections.abc import Callable
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django_otp.oath import totp
from playwright.sync_api import Page, expect

from tests import make
from tests.browser.backstage import Backstage
from tests.browser.conftest import LAPTOP, PHONE, log_in
from tests.browser.people import (
    BLOCKED,
    DECEASED,
    DOUBLE,
    ERROR,
    FOUND,
    NOT_FOUND,
    TIMEOUT,
    Invited,
    Somebody,
    make_looked_at,
    make_person_without_consent,
)
from tests.stack import Stack

pytestmark = pytest.mark.browser

PUBLIC = ["/registro/?ref=NOSUCH22", "/ingresar/", "/privacidad/", "/privacidad/2026-12/", "/recuperar/"]
ANSWERED = [FOUND, DECEASED, DOUBLE, NOT_FOUND, BLOCKED, TIMEOUT, ERROR]
EVERY_STATUS = [Invited(f"Persona {place}", outcome) for place, outcome in enumerate([*ANSWERED, None])]
RIGHTS = [f"/perfil/mis-datos/{page}" for page in ("", "politica/", "comprobante/", "borrar/")]
OWN = ["/", "/enlace/tarjeta/", "/perfil/", "/perfil/clave/", "/perfil/sesiones/", *RIGHTS, "/no-existe/"]


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
def test_ones_own_data_is_accessible_with_and_without_permissions_and_with_complaints(
    page: Page, product: Stack, backstage: Backstage, size: dict[str, int], colours: Literal["light", "dark"]
) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=colours)
    for somebody in (make_person_without_consent, make_looked_at):
        page.context.clear_cookies()
        log_in(page, product, backstage.run(somebody), "/perfil/mis-datos/")
        for more in page.locator("summary").all():
            more.click()
        for path in ("/perfil/mis-datos/", "/perfil/", "/", *RIGHTS[1:]):
            assert_clean(page)
            page.goto(product.url + path)
        page.get_by_role("button", name="Borrar mi cuenta y mis datos").click()
        expect(page.locator("[name=password]")).to_have_attribute("aria-invalid", "true")
        assert_clean(page)
        page.goto(f"{product.url}/perfil/mis-datos/politica/")
        page.get_by_role("button", name="Guardar mi autorización").click()
        expect(page.locator("[name=accept_policy]")).to_have_attribute("aria-invalid", "true")
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


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_looking_somebody_up_by_hand_is_accessible_at_every_step(
    page: Page, open_list: Callable[..., Somebody], size: dict[str, int], colours: Literal["light", "dark"]
) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=colours)
    open_list(Invited("Nora Ossa", TIMEOUT))
    page.get_by_role("link", name="Consulta asistida").click()
    assert_clean(page)
    page.get_by_role("button", name="Mostrar y copiar").click()
    expect(page.get_by_role("button", name="Copiar la cédula")).to_be_visible()
    assert_clean(page)
    for pasted in ("hola", "Cancelada por Muerte", "El documento no figura en el censo electoral."):
        page.get_by_label("Pegue aquí el resultado").fill(pasted)
        page.get_by_role("button", name="Revisar").click()
        assert_clean(page)
        if pasted != "hola":
            page.get_by_role("button", name="Corregir").click()
    page.get_by_role("link", name="Saltar a la siguiente persona").click()
    assert_clean(page)
    page.get_by_role("link", name="Volver a la primera").click()
    page.get_by_label("Pegue aquí el resultado").fill("El documento no figura en el censo electoral.")
    page.get_by_role("button", name="Revisar").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Guardar y seguir").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Nadie espera respuesta")
    assert_clean(page)


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_the_second_step_is_accessible_from_the_set_up_to_the_login(
    page: Page, product: Stack, open_list: Callable[..., Somebody], size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    leader = open_list()
    page.goto(f"{product.url}/perfil/dos-pasos/")
    assert_clean(page)
    page.get_by_role("button", name="Empezar").click()
    page.get_by_role("button", name="Activar").click()
    expect(page.locator("[name=code]")).to_have_attribute("aria-invalid", "true")
    assert_clean(page)
    page.locator("[name=code]").fill(code_of(page.locator("#secreto").inner_text()))
    page.get_by_role("button", name="Activar").click()
    expect(page.locator(".codes li")).to_have_count(10)
    assert_clean(page)
    page.get_by_role("link", name="Ya los guardé").click()
    assert_clean(page)
    page.context.clear_cookies()
    page.goto(f"{product.url}/ingresar/")
    page.get_by_role("textbox", name="Número de cédula").fill(leader.cedula)
    page.get_by_role("textbox", name="Clave").fill(make.PASSWORD)
    page.get_by_role("button", name="Ingresar").click()
    page.wait_for_url("**/ingresar/codigo/")
    assert_clean(page)
    page.get_by_role("link", name="Use un código de respaldo").click()
    assert_clean(page)


def code_of(secret: str) -> str:
    """Return what a phone shows that was given the secret as the page shows it."""
    return f"{totp(base64.b32decode(''.join(secret.split()))):06}"


def open_other_list(page: Page, open_list: Callable[..., Somebody], *invited: Invited, is_leader: bool = True) -> None:
    """Let somebody else take the browser."""
    page.context.clear_cookies()
    open_list(*invited, is_leader=is_leader)
