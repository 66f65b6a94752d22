"""What a leader sees and may do of people who have not agreed to being looked up, or to being called."""

from typing import Any

import pytest
from django.test import Client

from tests import make
from tests.referrals.pages import (
    HTMX,
    MARKED,
    counters,
    detail,
    offered,
    page,
    poll,
    post,
    printed,
    put,
    record_of,
    refresh_one,
    row,
    seen,
    shown,
    toast,
)
from vereda.accounts import consents
from vereda.accounts.models import Purpose, User
from vereda.census.statuses import UNAUTHORISED, Status

PHONE = "+573012345678"


@pytest.fixture
def nora(beto: User) -> User:
    """Invited by Beto, and has agreed to nothing."""
    return make.person_without_consent("Nora Sinisterra", referred_by=beto, phone=PHONE)


def withdraw(person: User, purpose: Purpose = Purpose.CENSUS_LOOKUP) -> None:
    consents.withdraw(user=person, purpose=purpose)


def test_who_has_not_agreed_is_on_the_list_and_said_so(as_beto: Client, nora: User) -> None:
    html = page(as_beto)

    assert "Sin autorización" in row(html, nora)
    assert 'data-status=""' in row(html, nora)
    assert "No ha autorizado que se consulte su cédula" in detail(html, nora)


def test_they_can_be_neither_marked_nor_asked_about(as_beto: Client, nora: User) -> None:
    html = page(as_beto)

    assert 'name="ids"' not in row(html, nora)
    assert "Actualizar" not in row(html, nora)


def test_they_are_counted_among_all_and_in_no_other_tab(as_beto: Client, nora: User) -> None:
    counted = counters(page(as_beto))

    assert (counted.pop("todos"), set(counted.values())) == (1, {0})
    assert shown(page(as_beto, "?estado=pendientes")) == []


def test_a_list_of_them_asks_for_no_changes(as_beto: Client, nora: User) -> None:
    assert "every 5s" not in page(as_beto)
    assert poll(as_beto, *seen(nora)).status_code == 286


def test_sorted_by_status_they_come_first_or_last(as_beto: Client, nora: User, caro: User) -> None:
    assert shown(page(as_beto, "?orden=estado")) == [nora.pk, caro.pk]
    assert shown(page(as_beto, "?orden=-estado")) == [caro.pk, nora.pk]


def test_who_withdraws_while_the_list_is_open_changes_on_it(as_beto: Client, caro: User) -> None:
    put(caro, Status.ACTIVE)
    before = seen(caro)
    withdraw(caro)

    changed = poll(as_beto, *before).content.decode()
    assert "Sin autorización" in row(changed, caro)
    assert "IE EL SAUCE" not in changed


def test_asking_from_a_page_that_has_not_seen_it_is_answered_with_the_row(as_beto: Client, caro: User) -> None:
    put(caro, Status.ERROR)
    before = seen(caro)
    withdraw(caro)

    reply = refresh_one(as_beto, caro, visto=before)
    assert "No ha autorizado la consulta" in toast(reply)["message"]
    assert "Sin autorización" in row(reply.content.decode(), caro)
    assert record_of(caro).status == UNAUTHORISED


def test_marked_people_who_have_withdrawn_are_said_to_have(as_beto: Client, beto: User, caro: User) -> None:
    fabio = make.person("Fabio", referred_by=beto)
    for person in (caro, fabio):
        put(person, Status.ERROR)
    withdraw(caro)

    said = toast(post(as_beto, MARKED, ids=[caro.pk, fabio.pk]))["message"]
    assert said == "1 consulta quedó en turno. Las demás no: 1 no ha autorizado la consulta."


def test_the_button_for_all_does_not_count_them(as_beto: Client, nora: User, caro: User) -> None:
    put(caro, Status.ERROR)

    assert offered(page(as_beto)) == ["1"]


# Being called


@pytest.fixture
def called(beto: User) -> User:
    return make.person("Gloria Anacona", referred_by=beto, phone=PHONE)


def test_a_phone_is_shown_to_who_may_call_it(as_beto: Client, called: User) -> None:
    assert f'href="tel:{PHONE}"' in row(page(as_beto), called)


@pytest.mark.parametrize("who", ["a leader", "a superuser", "a user"])
def test_the_phone_of_who_does_not_want_calls_is_on_no_page(
    client: Client, ana: User, beto: User, called: User, who: str
) -> None:
    withdraw(called, Purpose.CONTACT_BY_LEADER)
    viewer = ana if who == "a superuser" else beto
    if who == "a user":
        User.objects.filter(pk=beto.pk).update(role=User.Role.USER)
    client.force_login(viewer)

    pages = [page(client), page(client, "?q=gloria"), printed(client)]
    assert all("Gloria Anacona" in html for html in pages)
    assert not [html for html in pages if "301 2345678" in html or PHONE in html]
    assert "No autorizó llamadas" in row(pages[0], called)


def test_who_has_no_phone_is_not_said_to_want_no_calls(as_beto: Client, beto: User) -> None:
    ines = make.person_without_consent("Inés", referred_by=beto)

    assert "No autorizó" not in row(page(as_beto), ines)


@pytest.mark.parametrize(
    ("search", "is_found"), [("3012345678", True), ("301234567", False), ("+57 301 234 5678", True)]
)
def test_by_parts_nobody_finds_out_the_phone_of_who_does_not_want_calls(
    as_beto: Client, called: User, search: str, is_found: bool
) -> None:
    withdraw(called, Purpose.CONTACT_BY_LEADER)
    found = as_beto.post("/referidos/buscar/", {"q": search}, follow=True).content.decode()

    assert (called.pk in shown(found)) is is_found


@pytest.mark.parametrize("search", ["3012345678", "301234567", "5678"])
def test_by_parts_one_finds_who_allows_calls(as_beto: Client, called: User, search: str) -> None:
    found = as_beto.post("/referidos/buscar/", {"q": search}, follow=True).content.decode()

    assert called.pk in shown(found)


def test_a_change_on_the_page_carries_no_phone_either(as_beto: Client, called: User) -> None:
    withdraw(called, Purpose.CONTACT_BY_LEADER)
    reply: Any = as_beto.get("/referidos/cambios/", {"visto": [f"{called.pk}.00000000"]}, headers=HTMX)

    assert PHONE not in reply.content.decode()
