"""What makes a password, and that it is taken as it was typed."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import password_validation
from django.test import Client

from tests import make
from tests.accounts.entering.second_steps import give_password, is_in
from tests.accounts.joining.test_registration import register
from vereda.accounts.models import User

EXACT = " Ñandú con espacios, 漢字 y 🌄 "


def refused(password: str) -> bool:
    """Whether a registration with this password is refused."""
    answer = register(Client(), password1=password, password2=password)
    return answer.status_code == 200 and "password1" in answer.context["form"].errors


@pytest.mark.parametrize("password", ["7 letra", "password1", "iloveyou", "900200001", "300123456 7"])
def test_short_common_and_ones_own_numbers_are_refused(db: None, password: str) -> None:
    assert refused(password)


@pytest.mark.parametrize("password", ["ocho let", "sololetrasminusculas", "!!!¡¡¡···", "a" + "ñ" * 100, EXACT])
def test_nobody_has_to_mix_kinds_of_characters(db: None, password: str) -> None:
    assert not refused(password)


def test_enough_common_passwords_of_eight_and_more_are_known() -> None:
    path = Path(password_validation.__file__).parent / "common-passwords.txt.gz"
    with gzip.open(path, "rt") as words:
        known = [word for word in words.read().split() if len(word) >= 8]

    assert len(known) >= 3000


def test_a_password_is_taken_as_it_was_typed(client: Client, caro: User) -> None:
    client.force_login(caro)
    new = {"new_password1": EXACT, "new_password2": EXACT}
    assert client.post("/perfil/clave/", {"old_password": make.PASSWORD, **new}).status_code == 302

    for typed, opens in [(EXACT.strip(), False), (EXACT.lower(), False), (EXACT[:-1], False), (EXACT, True)]:
        other = Client()
        give_password(other, caro, password=typed)
        assert is_in(other) == opens


def test_a_long_one_is_refused_rather_than_cut(db: None) -> None:
    assert not refused("ñandú " * 33 + "ab")
    assert refused("ñandú " * 33 + "abc")


@pytest.mark.parametrize("wrong", ["", "no-es-esta"])
def test_another_password_takes_the_one_of_before(as_caro: Client, wrong: str) -> None:
    new = {"new_password1": "otro-sendero-largo", "new_password2": "otro-sendero-largo"}
    answer = as_caro.post("/perfil/clave/", {"old_password": wrong, **new})

    assert "old_password" in answer.context["form"].errors


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/ingresar/", ["password"]),
        ("/registro/", ["password1", "password2"]),
        ("/perfil/clave/", ["old_password", "new_password1", "new_password2"]),
    ],
)
def test_passwords_are_masked_and_managers_may_fill_them_in(
    client: Client, caro: User, path: str, fields: list[str]
) -> None:
    if path == "/perfil/clave/":
        client.force_login(caro)
    form: Any = client.get(path).context["form"]

    for name in fields:
        field = str(form[name])
        assert 'type="password"' in field
        assert 'autocomplete="new-password"' in field or 'autocomplete="current-password"' in field
        assert "onpaste" not in field
