"""The list of open sessions: true whatever ends one, and ending others."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from time_machine import travel

from tests import make
from tests.accounts.forms import register
from tests.conftest import ReadOnlyOnGetClient
from vereda.accounts.models import PersonSession, User

PHONE = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


def logged_in(person: User, user_agent: str = LAPTOP) -> Client:
    """Return a browser of its own in which a person has logged in."""
    client = ReadOnlyOnGetClient(headers={"User-Agent": user_agent})
    client.post("/ingresar/", {"username": person.cedula, "password": make.PASSWORD})
    return client


def listed(client: Client) -> str:
    html: str = client.get("/perfil/sesiones/").content.decode()
    return html


def handles(client: Client) -> list[str]:
    return re.findall(r'name="sesion" value="(\w+)"', listed(client))


def is_open(client: Client) -> bool:
    return bool(client.get("/perfil/").status_code == 200)


def test_every_login_is_listed_by_browser_and_time(caro: User) -> None:
    with travel(NOON, tick=False):
        phone = logged_in(caro, PHONE)
        logged_in(caro)

        page = listed(phone)
    assert "Chrome en Android" in page
    assert "Firefox en Linux" in page
    assert page.count("Ingresó el 20 de noviembre, 12:00 p.m.") == 2
    assert page.count("Esta sesión") == 1


def test_a_registration_begins_a_session_as_well(client: Client, db: None) -> None:
    register(client)

    assert "Ingresó el" in listed(client)


def test_nobody_sees_the_sessions_of_others(caro: User, eva: User) -> None:
    logged_in(eva, PHONE)

    assert "Chrome en Android" not in listed(logged_in(caro))


def test_one_other_session_can_be_ended(caro: User) -> None:
    here, phone, laptop = logged_in(caro), logged_in(caro, PHONE), logged_in(caro)
    (handle,) = re.findall(r'Chrome en Android</h2>.*?value="(\w{32})"', listed(here), re.DOTALL)
    here.post("/perfil/sesiones/", {"sesion": handle})

    assert [is_open(client) for client in (here, phone, laptop)] == [True, False, True]


def test_all_others_can_be_ended_at_once(caro: User, eva: User) -> None:
    here, phone, laptop, of_eva = logged_in(caro), logged_in(caro, PHONE), logged_in(caro), logged_in(eva)
    here.post("/perfil/sesiones/")

    assert [is_open(client) for client in (here, phone, laptop, of_eva)] == [True, False, False, True]
    assert "Cerrar todas las demás" not in listed(here)


def test_nobody_ends_the_session_of_somebody_else(caro: User, eva: User) -> None:
    of_eva, _, of_caro = logged_in(eva), logged_in(eva), logged_in(caro)
    of_caro.post("/perfil/sesiones/", {"sesion": handles(of_eva)[0]})

    assert PersonSession.objects.filter(person_id=eva.pk).count() == 2


@pytest.mark.parametrize("handle", ["x", "0" * 32, "ñ", "\x00", "9" * 5000])
def test_a_handle_that_is_none_ends_nothing(caro: User, handle: str) -> None:
    here, _ = logged_in(caro), logged_in(caro)

    assert here.post("/perfil/sesiones/", {"sesion": handle}).status_code == 302
    assert PersonSession.objects.filter(person_id=caro.pk).count() == 2


def test_this_session_cannot_be_ended_by_its_handle(caro: User) -> None:
    here, other = logged_in(caro), logged_in(caro)
    (of_here,) = handles(other)
    here.post("/perfil/sesiones/", {"sesion": of_here})

    assert is_open(here)


def test_no_page_has_a_key_that_opens_a_session(caro: User) -> None:
    here, other = logged_in(caro), logged_in(caro)

    page = listed(here)
    for client in (here, other):
        assert client.cookies["sessionid"].value not in page


def test_a_logout_takes_a_session_off_the_list(caro: User) -> None:
    here, other = logged_in(caro), logged_in(caro)
    other.post("/salir/")

    assert handles(here) == []


def test_its_time_takes_a_session_off_the_list(caro: User) -> None:
    with travel(NOON, tick=False):
        logged_in(caro)
    with travel(NOON + timedelta(days=15), tick=False):
        assert handles(logged_in(caro)) == []
        call_command("clearsessions")
        assert PersonSession.objects.count() == 1


def test_a_new_password_ends_all_other_sessions_and_this_one_goes_on(caro: User) -> None:
    here, other = logged_in(caro), logged_in(caro)
    typed = {"new_password1": "otro-sendero-largo", "new_password2": "otro-sendero-largo"}
    here.post("/perfil/clave/", {"old_password": make.PASSWORD, **typed})

    assert [is_open(client) for client in (here, other)] == [True, False]
    assert PersonSession.objects.filter(person_id=caro.pk).count() == 1
    assert "Ingresó el" in listed(here)


def test_a_password_that_somebody_else_set_takes_sessions_off_the_list(caro: User) -> None:
    logged_in(caro)
    caro.set_password("otro-sendero-largo")
    caro.save()
    here = ReadOnlyOnGetClient()
    here.force_login(caro)

    assert handles(here) == []


def test_what_is_done_in_a_session_is_noted_every_ten_minutes_and_never_by_looking(
    caro: User, django_assert_num_queries: Any
) -> None:
    with travel(NOON, tick=False):
        here, phone = logged_in(caro), logged_in(caro, PHONE)
    with travel(NOON + timedelta(minutes=9), tick=False):
        assert saves(phone) == 0
    with travel(NOON + timedelta(minutes=11), tick=False):
        is_open(phone)
        assert "Lo último que hizo ahí" not in listed(here)
        assert saves(phone) == 1
        assert saves(phone) == 0
        assert "Lo último que hizo ahí fue el 20 de noviembre, 12:11 p.m." in listed(here)


def saves(client: Client) -> int:
    """Do something, and return how often that saved the session."""
    with CaptureQueriesContext(connection) as queries:
        client.post("/perfil/aviso/")
    return sum('UPDATE "accounts_personsession"' in query["sql"] for query in queries)


def test_a_session_of_which_nothing_is_known_says_so(as_caro: Client) -> None:
    page = listed(as_caro)

    assert "Navegador desconocido" in page
    assert "No sabemos cuándo ingresó" in page


def test_nothing_of_where_a_session_came_from_is_kept(caro: User) -> None:
    logged_in(caro)

    kept = PersonSession.objects.get().get_decoded()
    assert "127.0.0.1" not in str(kept)
    assert set(kept) == {
        *("_auth_user_id", "_auth_user_backend", "_auth_user_hash", "_session_expiry"),
        *("device", "began_at", "active_at"),
    }
