"""What a waiting person sees: position and estimate that move on by themselves, or what keeps everybody waiting."""

import re
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP, PHONE
from tests.homes import connected
from tests.stack import Stack, manage

pytestmark = pytest.mark.browser

LATER = 90_000
"""Milliseconds until somebody is looked up for whom no message is sent but the rescue's."""

REGISTER = """
from tests import make
for cedula in ("900910000", "900910100"):
    make.person("Nora Sinisterra", cedula=cedula)
"""


def change_the_source(product: Stack, **values: float) -> None:
    """Change the row by which the gate goes."""
    changes = ", ".join(f"{name} = {value}" for name, value in values.items())
    with closing(connected(product.environment)) as connection:
        connection.execute(f"UPDATE census_sourcestate SET {changes}")


def test_a_position_in_the_queue_shows_moves_on_and_ends_in_the_answer(
    page: Page, product: Stack, join: Callable[..., str]
) -> None:
    change_the_source(product, free_at=time.time() + 20)
    manage(product.environment, "shell", "--no-imports", "-c", REGISTER)
    join("00")

    turn = page.locator("#censo-turno")
    expect(turn).to_contain_text(re.compile(r"Posición [23] · unos \d+ s"), timeout=10_000)
    page.evaluate("window.notReloaded = true")
    assert Axe().run(page).violations_count == 0
    expect(page.locator("#censo")).to_have_attribute("data-status", "ACTIVE", timeout=LATER)
    assert page.evaluate("window.notReloaded") is True


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_a_pause_is_told_and_its_end_brings_the_answer(
    page: Page, product: Stack, join: Callable[..., str], size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    change_the_source(product, is_paused=True)
    try:
        join("00")
        expect(page.locator("#censo-turno")).to_contain_text("Las consultas están en pausa por ahora.")
        expect(page.locator("#censo-turno")).to_contain_text("su turno está guardado")
        assert Axe().run(page).violations_count == 0
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    finally:
        change_the_source(product, is_paused=False)
    expect(page.locator("#censo")).to_have_attribute("data-status", "ACTIVE", timeout=LATER)
