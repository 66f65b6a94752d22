"""Registering a cédula that has an account already: nobody is to tell it from a first registration."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from time_machine import travel

from tests.accounts.forms import register
from tests.conftest import ReadOnlyOnGetClient
from vereda.accounts.models import Consent, User
from vereda.census.models import CedulaInfo

NEW = "900200001"


def described(response: Any) -> dict[str, Any]:
    """Return all that a browser gets, but for what is random in any case."""
    nonces = re.compile(r"nonce[-=][^ ;>]+")
    headers = {name: nonces.sub("", value) for name, value in response.headers.items()}
    cookies = {
        name: (len(morsel.value), {key: value for key, value in morsel.items() if key != "expires"})
        for name, morsel in response.cookies.items()
    }
    return {
        "status": response.status_code,
        "headers": headers,
        "cookies": cookies,
        "page": nonces.sub("", response.content.decode()),
    }


def arrived(cedula: str) -> list[dict[str, Any]]:
    """Register a cédula in a browser of its own, and return all that it got, up to the page at the end."""
    browser = ReadOnlyOnGetClient()
    form = described(browser.get("/registro/"))
    form["page"] = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", form["page"])
    return [form, described(register(browser, cedula=cedula)), described(browser.get("/"))]


def test_a_registered_cedula_gets_byte_for_byte_what_a_new_one_gets(caro: User) -> None:
    assert arrived(caro.cedula) == arrived(NEW)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_session_from_before_is_exchanged_in_either_case(client: Client, caro: User, is_new: bool) -> None:
    register(client, cedula=caro.cedula)
    before = client.cookies["sessionid"].value
    register(client, cedula=NEW if is_new else caro.cedula)

    assert client.cookies["sessionid"].value != before


def test_no_browser_keeps_the_greeting(db: None) -> None:
    assert "no-store" in arrived(NEW)[-1]["headers"]["Cache-Control"]


def test_both_get_the_page_that_fits_both(caro: User) -> None:
    page = arrived(caro.cedula)[-1]["page"]

    assert "Recibimos su registro" in page
    assert re.search(r'Si es suya,\s+<a href="/ingresar/">ingrese</a>', page)
    assert caro.first_name not in page


def test_a_new_person_is_greeted_once_and_then_at_home(client: Client, db: None) -> None:
    answer = register(client)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert "Recibimos su registro" in client.get("/").content.decode()
    assert "Hola, Nora" in client.get("/").content.decode()


def test_who_registers_a_cedula_that_exists_is_nobody(client: Client, caro: User) -> None:
    register(client, cedula=caro.cedula)
    client.get("/")

    assert "_auth_user_id" not in client.session
    assert client.get("/")["Location"] == "/ingresar/?next=/"


def test_not_even_with_the_right_password_is_it_a_way_in(client: Client, caro: User) -> None:
    register(client, cedula=caro.cedula)  # the form's password is Caro's

    assert client.get("/perfil/")["Location"] == "/ingresar/?next=/perfil/"


def test_nothing_of_the_account_changes_and_nothing_of_the_attempt_is_kept(
    client: Client, caro: User, dani: User
) -> None:
    before, consents = User.objects.values().get(pk=caro.pk), Consent.objects.count()
    register(client, ref=dani.referral_code, cedula=caro.cedula, full_name="Otra Persona", password1="x" * 12)
    register(client, ref=dani.referral_code, cedula=caro.cedula, full_name="Otra Persona")

    after = User.objects.values().get(pk=caro.pk)
    assert after.pop("registration_tried_at") is not None
    assert before.pop("registration_tried_at") is None
    assert after == before
    assert Consent.objects.count() == consents
    assert CedulaInfo.objects.filter(user=caro).count() == 1
    assert not User.objects.filter(full_name="Otra Persona").exists()


def test_the_first_attribution_is_kept(client: Client, beto: User, dani: User) -> None:
    register(ReadOnlyOnGetClient(), ref=beto.referral_code)
    register(client, ref=dani.referral_code)

    assert User.objects.get(cedula=NEW).referred_by == beto


@pytest.mark.parametrize("is_new", [True, False])
def test_a_password_is_hashed_once_in_either_case(client: Client, caro: User, settings: Any, is_new: bool) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.{CountingHasher.__qualname__}"]
    CountingHasher.count = 0
    register(client, cedula=NEW if is_new else caro.cedula)

    assert CountingHasher.count == 1


class CountingHasher(MD5PasswordHasher):
    """Counts what makes a registration slow."""

    count = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).count += 1
        return super().encode(password, salt)


def test_the_owner_is_shown_of_the_day_on_every_page_until_they_have_read_it(client: Client, caro: User) -> None:
    with travel(datetime(2026, 11, 20, 15, tzinfo=UTC)):
        register(ReadOnlyOnGetClient(), cedula=caro.cedula)
    client.force_login(caro)

    for path in ("/", "/perfil/", "/referidos/"):
        page = client.get(path).content.decode()
        assert "Alguien intentó registrarse con su cédula el" in page
        assert "20 de noviembre de 2026" in page

    assert client.post("/perfil/aviso/")["Location"] == "/"
    assert "Alguien intentó" not in client.get("/").content.decode()


def test_nobody_else_is_shown(client: Client, beto: User, caro: User) -> None:
    register(ReadOnlyOnGetClient(), cedula=caro.cedula)
    client.force_login(beto)

    assert "Alguien intentó" not in client.get("/").content.decode()


def test_a_greeting_that_somebody_asks_for_themselves_opens_nothing(client: Client, db: None) -> None:
    client.cookies["bienvenida"] = "1"

    page = client.get("/").content.decode()
    assert "Recibimos su registro" in page
    assert "Hola" not in page
    assert client.get("/perfil/")["Location"] == "/ingresar/?next=/perfil/"
