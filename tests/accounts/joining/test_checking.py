"""Complaints while somebody types: what the whole form would say of one field, and nothing about who is registered."""

import re
from typing import Any

import pytest
from django.test import Client

from tests import make
from tests.accounts.forms import FORM
from vereda.accounts.models import User

HTMX = {"HX-Request": "true"}
TYPED = [
    ("cedula", "abc"),
    ("cedula", "12"),
    ("cedula", "900.200.001"),
    ("cedula", "0900200001"),
    ("full_name", "<b>Nora</b>"),
    ("full_name", "Nora Sinisterra"),
    ("phone", "3"),
    ("phone", "300 123 4567"),
    ("password1", "corta"),
    ("password1", "12345678901"),
    ("password1", "900200001"),
    ("password1", "nora-sinisterra"),
    ("password1", "x" * 300),
    ("password2", "otra-cosa-distinta"),
    ("password2", make.PASSWORD),
]


def check(client: Client, field: str, value: str, **others: str) -> Any:
    form = {**FORM, **others, field: value, "campo": field}
    return client.post("/registro/validar/", form, headers=HTMX)


def notes(page: str, field: str) -> str:
    """Return what stands below a field of the whole form."""
    after = r'(?=<div\s+class="field|<input type="hidden"|<section)'
    found = re.search(rf'<div id="id_{field}_notes"[^>]*>(.*?)</div>\s*</div>\s*{after}', page, re.DOTALL)
    assert found, field
    return found[1].strip()


def rules(page: str) -> list[tuple[bool, str]]:
    """Return which rules a page shows, and whether each is met."""
    (shown,) = re.findall(r'<ul\s+class="rules.*?</ul>', page, re.DOTALL)
    found = re.findall(r'<li( class="is-met")?>\s*([^<]+)', shown)
    return [(bool(mark), text.strip()) for mark, text in found]


@pytest.mark.parametrize(("field", "value"), TYPED)
def test_a_field_is_shown_what_the_whole_form_would_tell(client: Client, db: None, field: str, value: str) -> None:
    whole = client.post("/registro/", {**FORM, "accept_policy": "", field: value}).content.decode()
    fragment = check(client, field, value).content.decode()
    fragment = re.split(r'<ul\s+class="rules', fragment)[0]

    assert fragment.strip() == notes(whole, field)


@pytest.mark.parametrize("field", ["cedula", "full_name", "phone", "password1", "password2"])
def test_an_empty_field_is_shown_nothing(client: Client, db: None, field: str) -> None:
    assert "errorlist" not in check(client, field, "").content.decode()


@pytest.mark.parametrize("field", ["", "accept_policy", "is_superuser", "x"])
def test_what_is_no_such_field_is_a_400(client: Client, db: None, field: str) -> None:
    assert client.post("/registro/validar/", {**FORM, "campo": field}).status_code == 400


def test_the_database_is_not_asked_so_that_nobody_learns_who_is_registered(
    client: Client, caro: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        registered = check(client, "cedula", caro.cedula)
        new = check(client, "cedula", "900200001")

    assert registered.content == new.content


def test_no_browser_keeps_it(client: Client, db: None) -> None:
    assert "no-store" in check(client, "cedula", "12")["Cache-Control"]


def test_a_field_sends_itself_only_and_never_in_an_address(client: Client, db: None) -> None:
    page = client.get("/registro/").content.decode()

    assert "hx-get" not in page
    assert page.count('hx-post="/registro/validar/"') == 5
    for sent in ("cedula", "full_name", "phone"):
        assert f'hx-params="campo,csrfmiddlewaretoken,{sent}"' in page


@pytest.mark.parametrize(
    ("password", "met"),
    [
        ("", [False] * 4),
        ("1", [False, False, False, True]),
        ("848448488444", [True, False, True, True]),
        ("un-send", [False, True, True, True]),
        ("password", [True, True, False, True]),
        ("sinisterra", [True, True, True, False]),
        (make.PASSWORD, [True] * 4),
    ],
)
def test_each_rule_ticks_as_it_is_met(client: Client, db: None, password: str, met: list[bool]) -> None:
    shown = rules(check(client, "password1", password).content.decode())

    assert [is_met for is_met, _ in shown] == met


def test_the_rules_stand_there_from_the_first(client: Client, db: None) -> None:
    assert rules(client.get("/registro/").content.decode()) == [
        (False, "Al menos 8 caracteres"),
        (False, "No solo números"),
        (False, "Que no sea de las más usadas"),
        (False, "Distinta de su nombre, su cédula y su teléfono"),
    ]


def test_the_rules_stand_where_a_password_is_changed_too(as_caro: Client) -> None:
    assert len(rules(as_caro.get("/perfil/clave/").content.decode())) == 4


def test_a_new_password_is_complained_about_where_it_was_typed(as_caro: Client) -> None:
    typed = {"old_password": make.PASSWORD, "new_password1": "x-9", "new_password2": "x-9"}
    form = as_caro.post("/perfil/clave/", typed).context["form"]

    assert form.errors == {"new_password1": ["La clave es demasiado corta: escriba al menos 8 caracteres."]}
