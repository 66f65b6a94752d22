"""Tabs, order and search of the list, in the browser and beyond one page."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser import people
from tests.browser.backstage import Backstage
from tests.browser.conftest import LAPTOP
from tests.browser.lists import (
    AT_ONCE,
    EVERYBODY,
    GROUPS,
    ORDERS,
    OpenList,
    assert_fits,
    both_sizes,
    expect_rows,
    is_same,
    mark_the_page,
    poll_now,
    polls,
    requests_of,
    row_of,
    shown_ids,
    shown_rows,
    tab,
)
from tests.browser.people import BLOCKED, FOUND, NOT_FOUND, Invited
from tests.stack import Stack

pytestmark = pytest.mark.browser


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
        "tab": re.findall(r'data-group="([\w-]+)"[^>]*\saria-current="page"', html),
        "sort": dict(re.findall(r'<th scope="col" class="(head-\w+)" aria-sort="(\w+)"', html)),
        "links": _links(re.findall(r'href="(/referidos/[^"]*)"\s+data-group|data-order="\w+"\s+href="([^"]*)"', html)),
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
    expect(shown_rows(page)).to_have_count(2, timeout=AT_ONCE)
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
    expect_rows(page, names[9::-1])
    assert not is_same(page)
    page.locator("[data-order=nombre]").click()
    expect(page).to_have_url(re.compile(r"\?orden=nombre$"))
    expect_rows(page, names[:50])
    tab(page, "no-encontrados").click()
    expect(page).to_have_url(re.compile(r"\?estado=no-encontrados&orden=nombre$"))
    expect_rows(page, names[55:])
    expect(tab(page, "no-encontrados")).to_have_attribute("aria-current", "page")
    tab(page, "encontrados").click()
    page.get_by_role("link", name="Siguiente").click()
    expect_rows(page, names[50:55])
    page.get_by_role("link", name="Anterior").click()
    expect(page).to_have_url(re.compile(r"\?estado=encontrados&orden=nombre$"))
    expect_rows(page, names[:50])


@both_sizes
def test_a_name_is_found_without_its_accents(page: Page, open_list: OpenList, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    made = open_list(*EVERYBODY).referrals
    page.get_by_role("searchbox").fill("nanez zoe")
    page.get_by_role("button", name="Buscar").click(timeout=AT_ONCE)

    expect(page).to_have_url(re.compile(r"\?q=nanez\+zoe$"))
    expect_rows(page, [f"referido-{made[0].pk}"])
    expect(page.locator("#cuenta-todos")).to_have_text("1")
    assert_fits(page)
    page.get_by_role("link", name="Ver todos").click()
    expect(shown_rows(page)).to_have_count(len(EVERYBODY))


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
        expect_rows(page, [f"referido-{person.pk}"])
        page.reload()
        expect_rows(page, [f"referido-{person.pk}"])
        expect(page.get_by_role("searchbox")).to_have_value(typed)
        tab(page, "encontrados").click()
        page.locator("[data-order=nombre]").click()
        page.reload()
        expect_rows(page, [f"referido-{person.pk}"] if person is zoe else [])
        tab(page, "todos").click()
        expect_rows(page, [f"referido-{person.pk}"])
        assert [url for url in [*requests, page.url] if digits in re.sub(r"\D", "", url)] == []
        assert digits not in product.log.read_text()

    backstage.run(people.answer, iris.pk, FOUND)
    poll_now(page)
    expect(row_of(page, iris)).to_have_attribute("data-status", "ACTIVE")
    expect(page.locator("#cuenta-todos")).to_have_text("1")
    assert polls(requests)
    assert [url for url in requests if "3159998877" in url] == []
