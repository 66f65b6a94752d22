"""A real Chromium, and one product for all browser tests of a process: each test registers people of its own."""

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from tests import make
from tests.browser.backstage import Backstage
from tests.browser.people import Invited, Somebody, hold_lookups, make_inviter
from tests.stack import Stack, stack
from vereda.census.sources.asking.browser import find_executable

PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1366, "height": 768}
HOLD_SECONDS = 6.0
"""For how long nobody is looked up, so that a request for many can be seen and stopped while it is under way."""

_numbers = count(9_001_000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Launch the machine's Chromium; only root needs it without its sandbox."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    executable = find_executable(os.environ.get("BROWSER_EXECUTABLE", ""))
    return {**browser_type_launch_args, "executable_path": executable, "args": sandbox}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Look at the product as a person with a phone in Colombia does; nothing fades in while axe looks."""
    return {
        **browser_context_args,
        "viewport": PHONE,
        "locale": "es-CO",
        "timezone_id": "America/Bogota",
        "reduced_motion": "reduce",
    }


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The product without retries, so that a failure is final at once."""
    with stack(Path(tmp_path_factory.mktemp("product"))) as running:
        yield running


@pytest.fixture(scope="session")
def backstage(product: Stack) -> Iterator[Backstage]:
    """Hands behind the product's scene, for people whom nobody needs to see register."""
    with Backstage(product.environment) as hands:
        yield hands


def log_in(page: Page, product: Stack, cedula: str, path: str) -> None:
    """Log somebody in who has the tests' password, and open a page."""
    page.goto(f"{product.url}/ingresar/?{urlencode({'next': path})}")
    page.get_by_role("textbox", name="Número de cédula").fill(cedula)
    page.get_by_role("textbox", name="Clave").fill(make.PASSWORD)
    page.get_by_role("button", name="Ingresar").click()
    page.wait_for_url(f"{product.url}{path}")


@pytest.fixture
def open_list(page: Page, product: Stack, backstage: Backstage) -> Callable[..., Somebody]:
    """Make somebody who invited these people, log them in and open their list; returns the inviter."""

    def made(*invited: Invited, query: str = "", is_leader: bool = True) -> Somebody:
        inviter = backstage.run(make_inviter, invited, is_leader=is_leader)
        log_in(page, product, inviter.cedula, f"/referidos/{query}")
        return inviter

    return made


@pytest.fixture
def foreign_requests(page: Page, product: Stack) -> list[str]:
    """What the page asks of anybody but ourselves."""
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if not request.url.startswith(product.url) else None)
    return seen


@pytest.fixture
def join(page: Page, product: Stack) -> Callable[..., str]:
    """Register somebody with a cédula of a given ending and open their profile; returns the cédula."""

    def register(ending: str, ref: str = "", full_name: str = "Nora Sinisterra", phone: str = "300 123 4567") -> str:
        cedula = f"{next(_numbers)}{ending}"
        page.goto(f"{product.url}/registro/" + (f"?ref={ref}" if ref else ""))
        page.get_by_role("textbox", name="Número de cédula").fill(cedula)
        page.get_by_role("textbox", name="Nombre completo").fill(full_name)
        page.get_by_role("textbox", name="Teléfono").fill(phone)
        page.get_by_role("textbox", name="Clave", exact=True).fill(make.PASSWORD)
        page.get_by_role("textbox", name="Repita la clave").fill(make.PASSWORD)
        page.get_by_role("checkbox", name="Leí y acepto").check()
        page.get_by_role("button", name="Crear mi cuenta").click()
        page.wait_for_url(f"{product.url}/")
        page.goto(f"{product.url}/perfil/")
        return cedula

    return register


@pytest.fixture
def held(backstage: Backstage) -> Callable[[], None]:
    """Keep the product from asking about anybody for a while: only the first of those in turn is taken up."""

    def hold() -> None:
        backstage.run(hold_lookups, seconds=HOLD_SECONDS)

    return hold
