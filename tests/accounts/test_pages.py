"""Home, password, privacy and the errors."""

import pytest
from django.test import Client

from tests import make
from vereda.accounts.models import Policy, User


def test_home_shows_the_name_and_the_own_referral_link(as_caro: Client, caro: User) -> None:
    page = as_caro.get("/").content.decode()

    assert "Caro" in page
    assert f"http://testserver/registro/?ref={caro.referral_code}" in page


def test_no_page_carries_a_cedula_in_an_address(as_caro: Client, caro: User) -> None:
    for path in ("/", "/perfil/"):
        assert f"={caro.cedula}" not in as_caro.get(path).content.decode()


def test_one_changes_the_password_and_stays_logged_in(as_caro: Client, caro: User) -> None:
    new = {"new_password1": "otro-sendero-largo", "new_password2": "otro-sendero-largo"}
    answer = as_caro.post("/perfil/clave/", {"old_password": make.PASSWORD, **new})

    caro.refresh_from_db()
    assert answer["Location"] == "/perfil/"
    assert caro.check_password("otro-sendero-largo")
    assert as_caro.get("/perfil/").status_code == 200


def test_the_privacy_page_shows_the_version_that_people_accept(client: Client, db: None) -> None:
    assert f"Versión {Policy.objects.current().version}" in client.get("/privacidad/").content.decode()


def test_an_unknown_address_is_a_kind_404(as_caro: Client) -> None:
    answer = as_caro.get("/no-existe/")

    assert answer.status_code == 404
    assert 'href="/"' in answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/ingresar/", "/registro/", "/perfil/", "/privacidad/"])
def test_every_page_forbids_foreign_hosts(as_caro: Client, path: str) -> None:
    policy_header = as_caro.get(path).headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy_header
    assert "http" not in policy_header


def test_every_page_and_form_has_its_methods(as_caro: Client) -> None:
    assert as_caro.post("/").status_code == 405
    assert as_caro.put("/perfil/").status_code == 405
    assert as_caro.post("/privacidad/").status_code == 405


def test_pages_come_compressed_to_whoever_takes_that(client: Client, db: None) -> None:
    plain = client.get("/ingresar/")
    compressed = client.get("/ingresar/", headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in plain
    assert compressed["Content-Encoding"] == "gzip"
    assert len(compressed.content) < len(plain.content) / 2
    assert "Accept-Encoding" in plain["Vary"]


def test_two_compressed_pages_differ_in_length_so_that_a_length_tells_little(client: Client, db: None) -> None:
    lengths = {len(client.get("/ingresar/", headers={"Accept-Encoding": "gzip"}).content) for _ in range(20)}

    assert len(lengths) > 5
