"""Login, logout, and what happens to who is not logged in."""

from datetime import timedelta

import pytest
from django.test import Client

from tests import make
from vereda.accounts.models import User


@pytest.mark.parametrize("dots", [False, True])
def test_a_person_logs_in_with_the_cedula_however_it_is_typed(client: Client, caro: User, dots: bool) -> None:
    typed = f"C.C. {int(caro.cedula):,}" if dots else caro.cedula
    answer = client.post("/ingresar/", {"username": typed, "password": make.PASSWORD})

    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_without_remember_me_the_session_ends_with_the_browser(client: Client, caro: User) -> None:
    client.post("/ingresar/", {"username": caro.cedula, "password": make.PASSWORD})

    assert client.session.get_expire_at_browser_close()


def test_with_remember_me_it_lasts_14_days(client: Client, caro: User) -> None:
    client.post("/ingresar/", {"username": caro.cedula, "password": make.PASSWORD, "remember_me": "on"})

    assert not client.session.get_expire_at_browser_close()
    assert client.session.get_expiry_age() == timedelta(days=14).total_seconds()


@pytest.mark.parametrize("username", ["900999999", "abc", "٤٣٠٠٠٠٠١", "9\x00", "x" * 10_000, ""])
def test_a_wrong_login_is_a_sentence_and_no_session(client: Client, caro: User, username: str) -> None:
    answer = client.post("/ingresar/", {"username": username, "password": "no-es-esta"})

    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert "_auth_user_id" not in client.session


def test_a_wrong_password_and_an_unknown_cedula_read_the_same(client: Client, caro: User) -> None:
    known = client.post("/ingresar/", {"username": caro.cedula, "password": "no-es-esta"})
    unknown = client.post("/ingresar/", {"username": "900999999", "password": "no-es-esta"})

    assert known.context["form"].errors == unknown.context["form"].errors


def test_login_leads_only_to_ourselves(client: Client, caro: User) -> None:
    form = {"username": caro.cedula, "password": make.PASSWORD, "next": "https://example.org/"}

    assert client.post("/ingresar/", form)["Location"] == "/"


def test_logout_is_a_post(as_caro: Client) -> None:
    assert as_caro.get("/salir/").status_code == 405
    assert as_caro.post("/salir/")["Location"] == "/ingresar/"
    assert "_auth_user_id" not in as_caro.session


def test_a_login_that_leads_to_the_login_leads_home(as_caro: Client) -> None:
    assert as_caro.get("/ingresar/?next=/ingresar/")["Location"] == "/"


def test_the_field_takes_a_cedula_with_its_dots(client: Client, db: None) -> None:
    assert 'maxlength="40"' in str(client.get("/ingresar/").context["form"]["username"])


def test_what_was_posted_after_the_session_ended_leads_to_the_login_and_then_home(client: Client, db: None) -> None:
    assert client.post("/censo/actualizar/")["Location"] == "/ingresar/"
    assert client.post("/salir/")["Location"] == "/ingresar/"


@pytest.mark.parametrize("address", ["http://[::1", "", "nonsense", "http://elsewhere.example/x"])
def test_a_strange_current_address_leads_home(client: Client, db: None, address: str) -> None:
    answer = client.get("/censo/", headers={"HX-Request": "true", "HX-Current-URL": address})

    assert answer["HX-Redirect"] == "/ingresar/?next=%2F"


@pytest.mark.parametrize("path", ["/", "/perfil/", "/perfil/clave/", "/censo/"])
def test_no_browser_keeps_a_personal_page(as_caro: Client, path: str) -> None:
    assert "no-store" in as_caro.get(path)["Cache-Control"]


PUBLIC = {
    "/registro/": "people join here",
    "/ingresar/": "people log in here",
    "/privacidad/": "the law wants the policy public",
    "/salud/": "monitors ask without a login",
}


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_open_without_a_login(client: Client, db: None, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/", "/perfil/", "/perfil/clave/", "/censo/"])
def test_every_other_page_redirects_to_the_login(client: Client, db: None, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer["Location"]) == (302, f"/ingresar/?next={path}")


def test_a_session_that_ended_while_a_page_polls_sends_the_whole_page_to_the_login(client: Client, db: None) -> None:
    answer = client.get("/censo/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/perfil/"})

    assert answer["HX-Redirect"] == "/ingresar/?next=%2Fperfil%2F"
    assert answer.content == b""
