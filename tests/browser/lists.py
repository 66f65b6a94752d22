"""Reads and works the list of referrals in a page."""

from collections.abc import Callable, Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import LAPTOP, PHONE
from tests.browser.people import BLOCKED, DECEASED, DOUBLE, ERROR, FOUND, NOT_FOUND, TIMEOUT, Invited, Somebody

SOON = 30_000
"""Milliseconds that an answer may take on a busy machine."""
AT_ONCE = 2_500
"""Milliseconds within which no poll is due, the one that a page's opening began aside."""
A_POLL = 6_000
"""Milliseconds within which a page that polls has done so."""

EVERYBODY = (
    Invited("Zoé Ñáñez", FOUND),
    Invited("Ángela Díaz", DECEASED),
    Invited("Caro Bermúdez", DOUBLE),
    Invited("Nora Ossa", NOT_FOUND),
    Invited("Ñusta Peña", BLOCKED),
    Invited("Óscar Rúa", TIMEOUT),
    Invited("Nacho Ávila", ERROR),
    Invited("ana Zea", FOUND),
    Invited("Iris Mora"),
)
GROUPS = ["todos", "pendientes", "encontrados", "novedades", "no-encontrados", "errores"]
ORDERS = ["nombre", "cedula", "fecha", "estado"]

both_sizes = pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])

type OpenList = Callable[..., Somebody]


def row_of(page: Page, somebody: Somebody) -> Locator:
    return page.locator(f"#referido-{somebody.pk}")


def detail_of(page: Page, somebody: Somebody) -> Locator:
    return page.locator(f"#referido-{somebody.pk}-detalle")


def opener_of(page: Page, somebody: Somebody) -> Locator:
    return row_of(page, somebody).get_by_role("button", name=somebody.full_name, exact=True)


def box_of(page: Page, somebody: Somebody) -> Locator:
    return row_of(page, somebody).get_by_role("checkbox")


def refresh_of(page: Page, somebody: Somebody) -> Locator:
    return row_of(page, somebody).get_by_role("button", name=f"Actualizar a {somebody.full_name}")


def toasts(page: Page) -> Locator:
    return page.locator("#toasts .toast")


def tab(page: Page, group: str) -> Locator:
    return page.locator(f"[data-group={group}]")


def mark_the_page(page: Page) -> None:
    """Leave a mark that a reload would wipe out."""
    page.evaluate("window.__same = 1")


def is_same(page: Page) -> bool:
    return page.evaluate("window.__same") == 1


def poll_now(page: Page) -> None:
    """Have the page catch up, as it does when its tab comes back into snapshot, instead of waiting for its turn."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def requests_of(page: Page) -> list[str]:
    """What the page asks for from now on, icons aside."""
    seen: list[str] = []
    page.on("request", lambda request: None if ".svg" in request.url else seen.append(request.url))
    return seen


def polls(requests: list[str]) -> list[str]:
    return [url for url in requests if "/referidos/cambios/" in url]


def shown_rows(page: Page) -> Locator:
    return page.locator("tbody:not([hidden]) > .person-row")


def shown_ids(page: Page) -> list[str]:
    """The rows that the page shows now, in order: after a link to another page, `expect_rows` waits for them."""
    return shown_rows(page).evaluate_all("rows => rows.map(row => row.id)")


def expect_rows(page: Page, ids: Sequence[str]) -> None:
    """Wait for the page to show these rows in this order and no other."""
    rows = shown_rows(page)
    expect(rows).to_have_count(len(ids))
    for place, row_id in enumerate(ids):
        expect(rows.nth(place)).to_have_id(row_id)


def assert_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
