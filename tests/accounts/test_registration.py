"""Joining: what is stored, what is refused, and what a stranger may learn."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError
from django.test import Client

from tests.accounts.forms import FORM, register
from vereda.accounts import policy
from vereda.accounts.models import Consent, User

FORM_TYPE = "application/x-www-form-urlencoded"


def test_a_person_who_joins_through_a_link_is_stored_under_its_leader_and_logged_in(client: Client, beto: User) -> None:
    answer = register(client, ref=beto.referral_code)

    nora = User.objects.get(cedula="900200001")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert (nora.full_name, nora.phone, nora.role) == ("Nora Sinisterra", "+573001234567", User.Role.USER)
    assert nora.referred_by == beto
    assert client.session["_auth_user_id"] == str(nora.pk)


def test_the_code_counts_in_lower_case_too(client: Client, beto: User) -> None:
    register(client, ref=beto.referral_code.lower())

    assert User.objects.get(cedula="900200001").referred_by == beto


@pytest.mark.parametrize("ref", ["", "NOSUCH22", "<script>", "x" * 5000, "%00"])
def test_without_a_known_code_a_person_joins_without_a_leader(client: Client, db: None, ref: str) -> None:
    register(client, ref=ref)

    assert User.objects.get(cedula="900200001").referred_by is None


def test_an_unknown_code_is_said_before_one_joins(client: Client, db: None) -> None:
    assert "No reconocemos ese enlace" in client.get("/registro/?ref=NOSUCH22").content.decode()


def test_the_page_says_who_invites(client: Client, beto: User) -> None:
    assert "Beto Quiñones" in client.get(f"/registro/?ref={beto.referral_code}").content.decode()


def test_joining_leaves_a_proof_of_consent(client: Client, db: None) -> None:
    register(client)

    proof = Consent.objects.get()
    assert proof.user.cedula == "900200001"
    assert (proof.policy_version, proof.policy_hash) == (policy.VERSION, policy.text_hash())
    assert proof.address == "127.0.0.1"


@pytest.mark.parametrize("role", ["LEADER", "SUPERUSER"])
def test_nobody_gives_themselves_a_role(client: Client, db: None, role: str) -> None:
    register(client, role=role, is_superuser="on", is_staff="on")

    nora = User.objects.get(cedula="900200001")
    assert (nora.role, nora.is_superuser, nora.is_staff) == (User.Role.USER, False, False)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("cedula", "", "Escriba su número de cédula."),
        ("cedula", "abc", "Escriba la cédula solo con números"),
        ("cedula", "٤٣٠٠٠٠٠١", "Escriba la cédula solo con números"),
        ("cedula", "9002\x0000001", "Escriba la cédula solo con números"),
        ("cedula", "0900200001", "La cédula no empieza por cero"),
        ("cedula", "9" * 10_000, "La cédula es demasiado larga"),
        ("full_name", "", "Escriba su nombre completo."),
        ("full_name", "<b>Nora</b>", "Escriba el nombre solo con letras"),
        ("full_name", "Nora\x00", "Escriba el nombre solo con letras"),
        ("full_name", "N" * 10_000, "El nombre es demasiado largo"),
        ("phone", "", "Escriba su teléfono."),
        ("phone", "<b>x</b>", "Escriba un teléfono de Colombia"),
        ("phone", "3" * 10_000, "El teléfono es demasiado largo."),
        ("phone", "300\x001234567", "Escriba un teléfono de Colombia"),
        ("password1", "", "Escriba una clave."),
        ("password1", "corta", "corta"),
        ("password1", "12345678901", "num"),
        ("password2", "otra-cosa-distinta", "Las dos claves no son iguales."),
        ("accept_policy", "", "necesitamos que acepte la política"),
    ],
)
def test_bad_input_gets_a_sentence_at_its_field_and_stores_nothing(
    client: Client, db: None, field: str, value: str, sentence: str
) -> None:
    answer = register(client, **{field: value})

    assert answer.status_code == 200
    assert sentence in " ".join(answer.context["form"].errors[field])
    assert not User.objects.exists()
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("François D’Angelo", "François D’Angelo"),
        ("M. Jose\u0301 O'Brien-Núñez", "M. José O'Brien-Núñez"),
        ("Ñusta Q'uq'", "Ñusta Q'uq'"),
    ],
)
def test_names_are_taken_as_people_write_them(client: Client, db: None, typed: str, stored: str) -> None:
    register(client, full_name=typed)

    assert User.objects.get().full_name == stored


def test_who_is_logged_in_is_sent_home(as_caro: Client) -> None:
    assert as_caro.get("/registro/")["Location"] == "/"


def test_the_database_itself_refuses_a_cedula_that_is_none(db: None) -> None:
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(cedula="abc", full_name="Nadie")])


def test_nobody_refers_themselves(caro: User) -> None:
    caro.referred_by = caro
    with pytest.raises(IntegrityError):
        caro.save()


def test_when_a_leader_goes_their_people_stay(beto: User, caro: User) -> None:
    beto.delete()

    caro.refresh_from_db()
    assert caro.referred_by is None


@pytest.mark.parametrize(
    "body", [{"cedula": "9" * 300_000}, {f"campo{number}": "x" for number in range(2_000)}], ids=["huge", "many fields"]
)
def test_a_form_beyond_all_measure_is_a_400(client: Client, db: None, body: dict[str, str]) -> None:
    assert client.post("/registro/", urlencode({**FORM, **body}), FORM_TYPE).status_code == 400


def test_a_registration_is_remembered_only_until_the_browser_closes(client: Client, db: None) -> None:
    register(client)

    assert client.session.get_expire_at_browser_close()


@pytest.mark.parametrize(
    ("is_behind_tls", "forwarded", "stored"),
    [
        (True, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (True, "nonsense", None),
        (False, "203.0.113.9", "127.0.0.1"),
    ],
)
def test_the_proof_carries_the_persons_address_and_not_the_proxys(
    client: Client, db: None, settings: Any, is_behind_tls: bool, forwarded: str, stored: str | None
) -> None:
    settings.BEHIND_TLS = is_behind_tls
    client.post("/registro/", FORM, headers={"X-Forwarded-For": forwarded})

    assert Consent.objects.get().address == stored
