"""The list of one's referrals, as a leader lives it: answers arrive, rows open, tabs and orders change, all in place.

The product is real. Its people are made behind the scene (`people.py`), most of them with an answer already, or waiting
until the test answers about them.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Dialog, Locator, Page, expect

from tests.browser import people
from tests.browser.backstage import Backstage
from tests.browser.conftest import LAPTOP, PHONE, log_in
from tests.browser.people import BLOCKED, DECEASED, DOUBLE, ERROR, FOUND, NOT_FOUND, TIMEOUT, Invited, Somebody
from tests.stack import Stack

pytestmark = pytest.mark.browser

SOON = 30_000
"""Milliseconds that an answer may take on a busy machine."""
AT_ONCE = 2_500
"""Milliseconds within which no poll is due, the one that a page's opening began aside."""
A_POLL = 6_000
"""Milliseconds within which a page that polls has done so."""
HOLD_SECONDS = 6.0
"""For how long nobody is looked up, so that a request for many can be seen and stopped while it is under way."""

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


@pytest.fixture
def held(backstage: Backstage) -> Callable[[], None]:
    """Keep the product from asking about anybody for a while: only the first of those in turn is taken up."""

    def hold() -> None:
        backstage.run(people.hold_lookups, seconds=HOLD_SECONDS)

    return hold


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
    """Have the page catch up, as it does when its tab comes back into sight, instead of waiting for its turn."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def requests_of(page: Page) -> list[str]:
    """What the page asks for from now on, icons aside."""
    seen: list[str] = []
    page.on("request", lambda request: None if ".svg" in request.url else seen.append(request.url))
    return seen


def polls(requests: list[str]) -> list[str]:
    return [url for url in requests if "/referidos/cambios/" in url]


def shown_ids(page: Page) -> list[str]:
    """The rows that the page shows, in order."""
    rows = page.locator("tbody:not([hidden]) > .person-row")
    return rows.evaluate_all("rows => rows.map(row => row.id)")


def assert_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


# Live


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


# Opening


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


# Tabs and sorting


def test_with_everybody_on_the_page_tabs_and_orders_ask_for_nothing_and_show_what_the_server_would(
    page: Page, open_list: OpenList
) -> None:
    page.set_viewport_size(LAPTOP)
    open_list(*EVERYBODY)
    mark_the_page(page)
    requests = requests_of(page)

    seen = set()
    for group in GROUPS:
        tab(page, group).click()
        for order in ORDERS:
            for _ in ("ascending", "descending"):
                page.locator(f"[data-order={order}]").click()
                view = _view(page)
                seen.add(tuple(sorted(view["query"].items())))
                assert view == _view_by_server(page), page.url
    assert len(seen) == len(GROUPS) * len(ORDERS) * 2
    assert [url for url in requests if url not in polls(requests)] == []
    assert is_same(page)
    assert_fits(page)


def _view(page: Page) -> dict[str, Any]:
    """Return what the page shows by its address: rows in order, the tab and order that it names, where its links go."""
    return {
        "query": dict(parse_qsl(urlsplit(page.url).query)),
        "rows": shown_ids(page),
        "tab": page.locator("[data-group][aria-current=page]").evaluate_all("tabs => tabs.map(a => a.dataset.group)"),
        "sort": page.locator("th[aria-sort]").evaluate_all(
            "headings => Object.fromEntries(headings.map(th => [th.className, th.ariaSort]))"
        ),
        "links": _links(
            page.locator("[data-group], [data-order]").evaluate_all("links => links.map(a => a.getAttribute('href'))")
        ),
    }


def _view_by_server(page: Page) -> dict[str, Any]:
    """Return the same of what the server sends for the page's address."""
    html = page.context.request.get(page.url).text()
    return {
        "query": dict(parse_qsl(urlsplit(page.url).query)),
        "rows": re.findall(r'<tr id="(referido-\d+)" class="person-row"', html),
        "tab": re.findall(r'data-group="([\w-]+)"[^>]* aria-current="page"', html),
        "sort": dict(re.findall(r'<th scope="col" class="(head-\w+)" aria-sort="(\w+)"', html)),
        "links": _links(re.findall(r'href="(/referidos/[^"]*)" data-group|data-order="\w+" href="([^"]*)"', html)),
    }


def _links(found: list[str] | list[tuple[str, str]]) -> list[dict[str, str]]:
    addresses = ["".join(link).replace("&amp;", "&") for link in found]
    return [dict(parse_qsl(urlsplit(address).query)) for address in addresses]


def test_back_forward_and_reload_give_the_view_of_the_address(page: Page, open_list: OpenList) -> None:
    open_list(*EVERYBODY)
    addresses = [page.url]
    views = [_view(page)]
    for control in ("[data-group=errores]", "[data-order=nombre]", "[data-group=todos]", "[data-order=estado]"):
        page.locator(control).click()
        addresses.append(page.url)
        views.append(_view(page))
    assert len(set(addresses)) == 5

    for place in (3, 2, 1, 0):
        page.go_back()
        assert (page.url, _view(page)) == (addresses[place], views[place])
    for place in (1, 2):
        page.go_forward()
        assert (page.url, _view(page)) == (addresses[place], views[place])
    page.reload()
    assert (page.url, _view(page)) == (addresses[2], views[2])


@pytest.mark.parametrize("group", ["errores", "encontrados"], ids=["with-rows", "empty"])
def test_after_a_reload_of_a_tab_the_way_back_shows_what_its_address_says(
    page: Page, open_list: OpenList, group: str
) -> None:
    open_list(Invited("Karen Ospina", BLOCKED), Invited("Inés Chocontá", NOT_FOUND))
    all_rows = shown_ids(page)
    tab(page, group).click()
    page.reload()
    reloaded = len(shown_ids(page))
    assert reloaded < 2

    page.go_back()
    expect(page).to_have_url(re.compile("/referidos/$"))
    expect(page.locator("tbody:not([hidden]) > .person-row")).to_have_count(2, timeout=AT_ONCE)
    assert shown_ids(page) == all_rows


def test_the_skip_link_does_not_reload_a_page_of_one_tab(page: Page, open_list: OpenList) -> None:
    open_list(Invited("Karen Ospina", BLOCKED), query="?estado=errores")
    mark_the_page(page)
    page.get_by_role("link", name="Saltar al contenido").press("Enter")
    expect(page).to_have_url(re.compile("#contenido$"))
    page.wait_for_timeout(500)
    assert is_same(page)


def test_beyond_one_page_the_same_links_go_to_the_server_and_there_are_pages(page: Page, open_list: OpenList) -> None:
    many = [Invited(f"Persona {place:02}", FOUND if place < 55 else NOT_FOUND) for place in range(60)]
    made = open_list(*many).referrals
    names = [f"referido-{somebody.pk}" for somebody in made]
    mark_the_page(page)
    assert shown_ids(page) == names[:9:-1]
    expect(page.get_by_role("navigation", name="Páginas")).to_contain_text("Página 1 de 2 · 1 a 50 de 60")

    page.get_by_role("link", name="Siguiente").click()
    expect(page).to_have_url(re.compile(r"\?pagina=2$"))
    assert not is_same(page)
    assert shown_ids(page) == names[9::-1]
    page.locator("[data-order=nombre]").click()
    expect(page).to_have_url(re.compile(r"\?orden=nombre$"))
    assert shown_ids(page) == names[:50]
    tab(page, "no-encontrados").click()
    expect(page).to_have_url(re.compile(r"\?estado=no-encontrados&orden=nombre$"))
    assert shown_ids(page) == names[55:]
    expect(tab(page, "no-encontrados")).to_have_attribute("aria-current", "page")
    tab(page, "encontrados").click()
    page.get_by_role("link", name="Siguiente").click()
    assert shown_ids(page) == names[50:55]
    page.get_by_role("link", name="Anterior").click()
    expect(page).to_have_url(re.compile(r"\?estado=encontrados&orden=nombre$"))
    assert shown_ids(page) == names[:50]


# Searching


@both_sizes
def test_a_name_is_found_without_its_accents(page: Page, open_list: OpenList, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    made = open_list(*EVERYBODY).referrals
    page.get_by_role("searchbox").fill("nanez zoe")
    page.get_by_role("button", name="Buscar").click(timeout=AT_ONCE)

    expect(page).to_have_url(re.compile(r"\?q=nanez\+zoe$"))
    assert shown_ids(page) == [f"referido-{made[0].pk}"]
    expect(page.locator("#cuenta-todos")).to_have_text("1")
    assert_fits(page)
    page.get_by_role("link", name="Ver todos").click()
    assert len(shown_ids(page)) == len(EVERYBODY)


def test_a_number_that_is_searched_for_stands_in_no_address_and_no_log(
    page: Page, product: Stack, backstage: Backstage, open_list: OpenList
) -> None:
    made = open_list(Invited("Iris Mora", phone="+573159998877"), *EVERYBODY).referrals
    iris, zoe = made[:2]
    requests = requests_of(page)
    for typed, digits, person in ((zoe.cedula, zoe.cedula, zoe), ("315 999 8877", "3159998877", iris)):
        page.goto(f"{product.url}/referidos/")
        page.get_by_role("searchbox").fill(typed)
        page.get_by_role("searchbox").press("Enter")
        expect(page).to_have_url(re.compile(r"\?buscado=[\w-]+$"))
        assert shown_ids(page) == [f"referido-{person.pk}"]
        page.reload()
        assert shown_ids(page) == [f"referido-{person.pk}"]
        expect(page.get_by_role("searchbox")).to_have_value(typed)
        tab(page, "encontrados").click()
        page.locator("[data-order=nombre]").click()
        page.reload()
        assert shown_ids(page) == ([f"referido-{person.pk}"] if person is zoe else [])
        tab(page, "todos").click()
        assert shown_ids(page) == [f"referido-{person.pk}"]
        assert [url for url in [*requests, page.url] if digits in re.sub(r"\D", "", url)] == []
        assert digits not in product.log.read_text()

    backstage.run(people.answer, iris.pk, FOUND)
    poll_now(page)
    expect(row_of(page, iris)).to_have_attribute("data-status", "ACTIVE")
    expect(page.locator("#cuenta-todos")).to_have_text("1")
    assert polls(requests)
    assert [url for url in requests if "3159998877" in url] == []


# One person


def test_a_cedula_is_shown_on_demand_stays_shown_and_who_looked_is_written_down(
    page: Page, backstage: Backstage, open_list: OpenList
) -> None:
    leader = open_list(Invited("Caro Bermúdez"))
    (caro,) = leader.referrals
    number = f"{int(caro.cedula):,}".replace(",", ".")
    cell = row_of(page, caro).locator(".person-cedula")
    expect(cell).not_to_contain_text(number)
    assert backstage.run(people.looks_at, caro.pk) == []

    row_of(page, caro).get_by_role("button", name="Ver la cédula de Caro Bermúdez").click()
    expect(cell).to_contain_text(number)
    assert backstage.run(people.looks_at, caro.pk) == [("cedula_seen", leader.pk)]
    expect(detail_of(page, caro)).to_be_hidden()
    backstage.run(people.answer, caro.pk, FOUND)
    poll_now(page)
    expect(row_of(page, caro)).to_have_attribute("data-status", "ACTIVE", timeout=SOON)
    expect(cell).to_contain_text(number)
    page.reload()
    expect(cell).not_to_contain_text(number)
    assert len(backstage.run(people.looks_at, caro.pk)) == 1


def test_one_person_is_looked_up_again_in_place(page: Page, open_list: OpenList) -> None:
    (karen,) = open_list(Invited("Karen Ospina", BLOCKED)).referrals
    mark_the_page(page)
    opener_of(page, karen).click()
    refresh_of(page, karen).click()

    expect(row_of(page, karen)).to_have_attribute("data-status", re.compile("PENDING|PROCESSING"))
    expect(toasts(page)).to_have_text(["Listo: volvemos a consultar esta cédula."])
    expect(detail_of(page, karen)).to_be_visible()
    expect(opener_of(page, karen)).to_have_attribute("aria-expanded", "true")
    expect(refresh_of(page, karen)).to_have_count(0)
    expect(page.locator("#cuenta-errores")).to_have_text("0")
    expect(row_of(page, karen)).to_have_attribute("data-status", "ACTIVE", timeout=SOON)
    expect(refresh_of(page, karen)).to_be_visible()
    assert is_same(page)


def test_within_the_cooldown_one_is_told_how_long_it_lasts(
    page: Page, backstage: Backstage, open_list: OpenList
) -> None:
    (karen,) = open_list(Invited("Karen Ospina", BLOCKED)).referrals
    backstage.run(people.lengthen_cooldown, karen.pk, seconds=20)
    refresh_of(page, karen).click()

    wait = re.compile(r"^\s*Acaba de consultarse\. Podrá pedirlo de nuevo en (1\d|2[01]) segundos\.\s*$")
    expect(toasts(page)).to_have_text([wait])
    expect(row_of(page, karen)).to_have_attribute("data-status", "BLOCKED")
    expect(refresh_of(page, karen)).to_be_enabled()


# Several


@both_sizes
def test_people_are_marked_up_to_ten_and_looked_up_again_together(
    page: Page, open_list: OpenList, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    failed = [Invited(f"Persona {place:02}", BLOCKED) for place in range(12)]
    made = open_list(*EVERYBODY, *failed).referrals
    mark_the_page(page)
    status = page.locator(".person-row:has([name=ids])").evaluate_all("rows => rows.map(row => row.dataset.status)")
    assert sorted(status) == ["BLOCKED"] * 13 + ["ERROR", "TIMEOUT"]
    bar, first, second, *_, last = page.locator("#marcados"), *made[9:]
    expect(bar).to_be_hidden()

    box_of(page, first).check()
    expect(bar).to_be_in_viewport()
    expect(bar).to_contain_text("1 persona marcada")
    for somebody in made[10:19]:
        box_of(page, somebody).check()
    expect(bar).to_contain_text("10 personas marcadas, el máximo")
    expect(box_of(page, last)).to_be_disabled()
    expect(page.locator("[name=ids]:disabled")).to_have_count(5)
    assert_fits(page)
    box_of(page, first).uncheck()
    expect(bar).to_contain_text("9 personas marcadas")
    expect(page.locator("[name=ids]:disabled")).to_have_count(0)
    page.get_by_role("button", name="Desmarcar").click()
    expect(bar).to_be_hidden()
    expect(page.locator("[name=ids]:checked")).to_have_count(0)

    box_of(page, first).check()
    box_of(page, second).check()
    page.get_by_role("button", name="Actualizar marcadas").click()
    expect(toasts(page)).to_have_text(["2 consultas quedaron en turno."])
    for somebody in (first, second):
        expect(row_of(page, somebody)).not_to_have_attribute("data-status", "BLOCKED")
        expect(box_of(page, somebody)).to_have_count(0)
    expect(bar).to_be_hidden()
    expect(page.locator("[name=ids]:checked")).to_have_count(0)
    expect(page.locator("#cuenta-errores")).to_have_text("13")
    expect(toasts(page)).to_have_count(1)
    assert is_same(page)


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_enter_on_a_mark_asks_about_the_marked_and_not_about_whoever_comes_first(
    product: Stack, backstage: Backstage, new_context: Callable[..., BrowserContext], has_script: bool
) -> None:
    leader = backstage.run(people.make_inviter, [Invited("Karen Ospina", BLOCKED), Invited("Dani Restrepo", BLOCKED)])
    karen, dani = leader.referrals
    page = new_context(java_script_enabled=has_script).new_page()
    log_in(page, product, leader.cedula, "/referidos/")
    assert shown_ids(page)[0] == f"referido-{dani.pk}"
    box_of(page, karen).check()
    box_of(page, karen).press("Enter")

    expect(page.get_by_text("1 consulta quedó en turno.")).to_be_visible()
    expect(row_of(page, karen)).not_to_have_attribute("data-status", "BLOCKED")
    expect(row_of(page, dani)).to_have_attribute("data-status", "BLOCKED")


# All of them


def _start_all(page: Page, number: int) -> list[str]:
    """Ask for all who match, say yes, and return what was asked."""
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.once("dialog", accept)
    page.get_by_role("button", name=f"Actualizar todos los que coinciden {number}").click()
    expect(page.locator("#avance progress")).to_have_attribute("max", str(number))
    return asked


def test_all_who_match_are_looked_up_again_behind_a_bar_that_moves_to_its_end(
    page: Page, backstage: Backstage, open_list: OpenList, held: Callable[[], None]
) -> None:
    failed = [Invited(f"Persona {place}", BLOCKED) for place in range(3)]
    made = open_list(*failed, Invited("Caro Bermúdez", FOUND)).referrals
    mark_the_page(page)
    held()

    asked = _start_all(page, 3)
    assert asked[0].startswith("¿Volver a consultar a 3 personas?")
    expect(toasts(page)).to_have_text(["Quedaron en turno 3 consultas."])
    bar = page.locator("#avance progress")
    expect(bar).to_have_attribute("value", "0")
    expect(page.locator("#avance")).to_contain_text("Consultando de nuevo a 3 personas")
    expect(page.locator("#avance")).to_contain_text(re.compile(r"0 de 3 · faltan unos \d+ s"))
    expect(page.locator("#todos form")).to_have_count(0)
    for somebody in made[:3]:
        expect(row_of(page, somebody)).to_have_attribute("data-status", re.compile("PENDING|PROCESSING"))
    backstage.run(people.answer, made[2].pk, FOUND)
    expect(bar).to_have_attribute("value", "1", timeout=SOON)
    expect(page.locator("#avance")).to_contain_text("1 de 3")
    expect(bar).to_have_count(0, timeout=SOON)
    expect(page.locator("#avance")).to_contain_text("Terminó la consulta de todos los que faltaban.")
    expect(toasts(page).last).to_have_text("Terminó la consulta de todos los que faltaban.")
    for somebody in made:
        expect(row_of(page, somebody)).to_have_attribute("data-status", "ACTIVE")
    assert page.locator("#vivo").get_attribute("hx-trigger") is None
    assert is_same(page)


def test_whoever_says_no_to_all_asks_for_nothing(page: Page, open_list: OpenList) -> None:
    (karen,) = open_list(Invited("Karen Ospina", BLOCKED)).referrals
    requests = requests_of(page)
    page.once("dialog", lambda dialog: dialog.dismiss())

    page.get_by_role("button", name="Actualizar todos los que coinciden 1").click()
    expect(row_of(page, karen)).to_have_attribute("data-status", "BLOCKED")
    assert requests == []


def test_a_cancelled_bulk_puts_the_rest_back_to_what_it_was_without_reloading(
    page: Page, open_list: OpenList, held: Callable[[], None]
) -> None:
    failures = [BLOCKED, TIMEOUT, ERROR, BLOCKED, TIMEOUT, ERROR]
    made = open_list(*[Invited(f"Persona {place}", failure) for place, failure in enumerate(failures)]).referrals
    mark_the_page(page)
    held()
    _start_all(page, 6)
    expect(row_of(page, made[-1])).to_have_attribute("data-status", "PENDING")

    page.get_by_role("button", name="Cancelar lo que falta").click()
    expect(page.locator("#avance progress")).to_have_count(0)
    expect(toasts(page).last).to_have_text(re.compile(r"Consulta cancelada: se alcanzaron a hacer [0-3] de 6\."))
    for somebody, status in zip(made[3:], ("BLOCKED", "TIMEOUT", "ERROR"), strict=True):
        expect(row_of(page, somebody)).to_have_attribute("data-status", status)
        expect(box_of(page, somebody)).to_be_enabled()
    expect(page.get_by_role("button", name="Actualizar todos los que coinciden")).to_be_visible()
    assert is_same(page)


def test_all_can_be_asked_for_again_after_a_bulk_was_cancelled_from_another_tab(
    page: Page, open_list: OpenList, held: Callable[[], None]
) -> None:
    open_list(*[Invited(f"Persona {place}", BLOCKED) for place in range(5)], Invited("Caro Bermúdez", FOUND))
    held()
    _start_all(page, 5)
    tab(page, "encontrados").click()
    page.get_by_role("button", name="Cancelar lo que falta").click()
    expect(page.locator("#avance progress")).to_have_count(0)

    tab(page, "todos").click()
    expect(page.get_by_role("button", name="Actualizar todos los que coinciden")).to_be_visible(timeout=AT_ONCE)


def test_while_a_bulk_runs_looking_one_person_up_again_offers_no_second_one(
    page: Page, open_list: OpenList, held: Callable[[], None]
) -> None:
    *_, caro = open_list(
        *[Invited(f"Persona {place}", BLOCKED) for place in range(5)], Invited("Caro Bermúdez", FOUND)
    ).referrals
    held()
    _start_all(page, 5)
    refresh_of(page, caro).click()
    expect(row_of(page, caro)).to_have_attribute("data-status", re.compile("PENDING|PROCESSING"))

    expect(page.locator("#avance progress")).to_be_visible()
    expect(page.locator("#todos form")).to_have_count(0)


# The focus, for whoever works with the keyboard


def test_the_focus_stays_in_the_row_whose_cedula_is_shown(page: Page, open_list: OpenList) -> None:
    (caro,) = open_list(Invited("Caro Bermúdez", FOUND)).referrals
    row_of(page, caro).locator(".person-cedula button").press("Enter")
    expect(row_of(page, caro).locator(".person-cedula button")).to_have_count(0)

    expect(row_of(page, caro).locator(":focus")).to_have_count(1)


def test_the_focus_goes_to_the_rows_when_the_bar_of_the_marked_goes(page: Page, open_list: OpenList) -> None:
    (karen,) = open_list(Invited("Karen Ospina", BLOCKED)).referrals
    box_of(page, karen).check()
    page.get_by_role("button", name="Actualizar marcadas").press("Enter")
    expect(page.locator("#marcados")).to_be_hidden()

    expect(page.locator("#referidos :focus")).to_have_count(1)


def test_the_focus_goes_to_the_progress_and_from_there_back(
    page: Page, open_list: OpenList, held: Callable[[], None]
) -> None:
    open_list(Invited("Karen Ospina", BLOCKED), Invited("Dani Restrepo", BLOCKED))
    held()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Actualizar todos los que coinciden 2").press("Enter")
    expect(page.locator("#avance :focus")).to_have_count(1)

    page.get_by_role("button", name="Cancelar lo que falta").press("Enter")
    expect(page.locator("#todos :focus")).to_have_count(1)


# Who sees what, and without JavaScript


@both_sizes
def test_a_user_sees_whom_they_invited_without_what_the_census_says(
    page: Page, open_list: OpenList, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    made = open_list(*EVERYBODY, is_leader=False).referrals
    assert shown_ids(page) == [f"referido-{somebody.pk}" for somebody in reversed(made)]
    expect(row_of(page, made[0])).to_contain_text("Zoé Ñáñez")
    for absent in ("#pestanas", ".badge-v", "[name=ids]", ".person-act", ".person-detail", "#vivo", "#todos", ".mini"):
        expect(page.locator(absent)).to_have_count(0)
    for word in ("Encontrado", "Consultar", "Actualizar", "PASTO", "muerte"):
        expect(page.locator("main")).not_to_contain_text(word)

    requests = requests_of(page)
    page.locator("[data-order=nombre]").click()
    expect(page).to_have_url(re.compile(r"\?orden=nombre$"))
    assert shown_ids(page)[0] == f"referido-{made[7].pk}"
    assert shown_ids(page)[-1] == f"referido-{made[0].pk}"
    assert requests == []
    assert_fits(page)


@both_sizes
def test_whoever_invited_nobody_yet_is_given_their_link(
    page: Page, product: Stack, open_list: OpenList, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    open_list()
    expect(page.get_by_role("heading", name="Todavía no ha llegado nadie")).to_be_visible()
    link = page.locator(".link-box").inner_text()
    assert re.fullmatch(rf"{re.escape(product.url)}/registro/\?ref=[A-Z0-9]{{8}}", link.strip())
    expect(page.get_by_role("button", name="Copiar enlace")).to_be_visible()
    expect(page.get_by_role("link", name="Enviar por WhatsApp")).to_have_attribute(
        "href", re.compile("^https://wa.me/")
    )
    expect(page.get_by_role("searchbox")).to_have_count(0)
    assert_fits(page)


def test_without_javascript_the_list_opens_filters_sorts_searches_and_refreshes(
    product: Stack, backstage: Backstage, new_context: Callable[..., BrowserContext]
) -> None:
    leader = backstage.run(people.make_inviter, EVERYBODY)
    zoe, karen, oscar = leader.referrals[0], leader.referrals[4], leader.referrals[5]
    page = new_context(java_script_enabled=False).new_page()
    log_in(page, product, leader.cedula, "/referidos/")
    assert len(_rows_without_script(page)) == 9
    for somebody in leader.referrals:
        expect(detail_of(page, somebody)).to_be_visible()
    expect(detail_of(page, zoe)).to_contain_text("ESCUELA LA LOMA")
    expect(row_of(page, zoe).get_by_role("button", name=re.compile("Ver la cédula"))).to_have_count(0)

    tab(page, "errores").click()
    expect(page).to_have_url(re.compile(r"\?estado=errores$"))
    assert len(_rows_without_script(page)) == 3
    page.locator("[data-order=nombre]").click()
    expect(page).to_have_url(re.compile(r"\?estado=errores&orden=nombre$"))
    assert _rows_without_script(page) == ["Nacho Ávila", "Ñusta Peña", "Óscar Rúa"]
    page.get_by_role("searchbox").fill("rua")
    page.get_by_role("searchbox").press("Enter")
    assert _rows_without_script(page) == ["Óscar Rúa"]

    page.goto(f"{product.url}/referidos/?estado=errores")
    box_of(page, karen).check()
    page.get_by_role("button", name="Actualizar marcadas").click()
    expect(page.locator(".notes")).to_contain_text("1 consulta quedó en turno.")
    expect(page).to_have_url(re.compile(r"\?estado=errores(#.*)?$"))
    assert len(_rows_without_script(page)) == 2
    refresh_of(page, oscar).click()
    expect(page.locator(".notes")).to_contain_text("Listo: volvemos a consultar esta cédula.")
    assert _rows_without_script(page) == ["Nacho Ávila"]


def _rows_without_script(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".person-row .person-name").all_inner_texts()]
