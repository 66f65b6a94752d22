"""Numbers: a full cédula is shown on demand and noted; one that is searched for stands in no address."""

import re

import pytest
from django.test import Client

from tests import make
from tests.referrals.pages import counters, key_of, post, shown
from vereda.accounts.models import AuditEntry, User
from vereda.referrals.queries import MOST_KEPT


def test_a_leader_sees_a_full_cedula_and_who_looked_is_written_down(as_beto: Client, beto: User, caro: User) -> None:
    reply = post(as_beto, f"/referidos/{caro.pk}/cedula/")

    assert reply.content.decode() == caro.cedula_dotted
    assert "no-store" in reply["Cache-Control"]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.person) == ("cedula_seen", beto, caro)


def test_a_refused_look_is_no_look(as_beto: Client, eva: User) -> None:
    assert post(as_beto, f"/referidos/{eva.pk}/cedula/").status_code == 404
    assert as_beto.get(f"/referidos/{eva.pk}/cedula/").status_code == 405
    assert not AuditEntry.objects.exists()


def test_a_user_sees_not_even_the_cedula_of_whom_they_invited(as_caro: Client, caro: User) -> None:
    fabio = make.person("Fabio", referred_by=caro)

    assert post(as_caro, f"/referidos/{fabio.pk}/cedula/").status_code == 403
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("search", ["52123456", "52.123.456", "C.C. 52 123 456", "301 234 5678", "Fabio 5212"])
def test_a_number_that_is_searched_for_stands_in_no_address(as_beto: Client, beto: User, search: str) -> None:
    fabio = make.person("Fabio 5212", referred_by=beto, cedula="52123456", phone="+573012345678")
    location = as_beto.post("/referidos/buscar/", {"q": search, "estado": "pendientes"})["Location"]
    html = as_beto.get(location).content.decode()

    assert shown(html) == [fabio.pk]
    addresses = [location, *re.findall(r'(?:href|action|hx-get|hx-post)="(?!tel:)([^"]*)"', html)]
    assert not [address for address in addresses if "q=" in address or "5212" in address or "5678" in address]
    assert not re.findall(r'type="hidden" name="q"', html)


def test_a_name_that_is_searched_for_stands_in_the_address(as_beto: Client) -> None:
    form = {"q": "José Pérez", "estado": "errores", "orden": "nombre"}

    location = as_beto.post("/referidos/buscar/", form)["Location"]
    assert location == "/referidos/?q=Jos%C3%A9+P%C3%A9rez&estado=errores&orden=nombre"


def test_an_empty_search_shows_everybody(as_beto: Client) -> None:
    assert as_beto.post("/referidos/buscar/", {"q": "  "})["Location"] == "/referidos/"


def test_a_search_is_kept_from_tab_to_tab(as_beto: Client, named: list[User]) -> None:
    key = key_of(as_beto, named[0].cedula)
    html = as_beto.get(f"/referidos/?buscado={key}&estado=errores&orden=nombre").content.decode()

    assert shown(html) == [named[0].pk]
    assert counters(html)["errores"] == 1


def test_a_search_that_is_lost_is_shown(as_beto: Client, caro: User) -> None:
    html = as_beto.get("/referidos/?buscado=forgotten").content.decode()

    assert "Esa búsqueda ya no está guardada" in html
    assert "buscado=forgotten" not in html


def test_the_number_that_somebody_else_searches_for_is_not_found_by_its_key(
    as_beto: Client, dani: User, eva: User
) -> None:
    key = key_of(as_beto, "52123456")
    other = Client()
    other.force_login(dani)

    html = other.get(f"/referidos/?buscado={key}").content.decode()
    assert "52123456" not in html
    assert "Esa búsqueda ya no está guardada" in html


def test_the_key_of_one_search_never_shows_another(as_beto: Client, named: list[User]) -> None:
    first, _ = key_of(as_beto, named[0].cedula), key_of(as_beto, named[1].cedula)

    assert shown(as_beto.get(f"/referidos/?buscado={first}").content.decode()) != [named[1].pk]


def test_going_back_to_an_earlier_search_shows_it_again(as_beto: Client, named: list[User]) -> None:
    first, _ = key_of(as_beto, named[0].cedula), key_of(as_beto, named[1].cedula)

    assert shown(as_beto.get(f"/referidos/?buscado={first}").content.decode()) == [named[0].pk]


def test_only_the_last_few_searches_are_kept(as_beto: Client, named: list[User]) -> None:
    first, *_ = [key_of(as_beto, str(number)) for number in range(MOST_KEPT + 1)]

    assert "Esa búsqueda ya no está guardada" in as_beto.get(f"/referidos/?buscado={first}").content.decode()


def test_a_user_cannot_read_a_masked_cedula_by_searching_for_its_parts(client: Client, caro: User) -> None:
    person = make.person("Fabio", referred_by=caro, cedula="1020304050")
    client.force_login(caro)
    found = {
        search: shown(client.get(f"/referidos/?q={search}").content.decode()) == [person.pk]
        for search in ("1020304050", "4050", "050", "34050", "10203", "304")
    }

    assert found == {"1020304050": True, "4050": True, "050": True, "34050": False, "10203": False, "304": False}
