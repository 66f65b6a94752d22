"""Joining: what is stored, what is refused, and what somebody without an account may learn."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from tests.accounts.forms import FORM, register
from vereda.accounts import policies, tombstones
from vereda.accounts.models import Channel, Consent, Policy, Purpose, User

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


def given() -> set[str]:
    return set(Consent.objects.filter(is_given=True).values_list("purpose", flat=True))


def test_joining_leaves_a_proof_of_consent_to_what_joining_is_for(client: Client, db: None) -> None:
    register(client)

    policy = Policy.objects.current()
    assert given() == {Purpose.ACCOUNT, Purpose.CENSUS_LOOKUP}
    for proof in Consent.objects.all():
        assert (proof.user.cedula, proof.address, proof.channel) == ("900200001", "127.0.0.1", Channel.WEB)
        assert (proof.policy, proof.policy_hash) == (policy, policies.hash_of(policy.text))


def test_being_called_is_agreed_to_by_itself(client: Client, db: None) -> None:
    register(client, purpose_contact_by_leader="on")

    assert given() == set(Purpose)


def test_the_proof_says_that_it_came_by_a_leaders_link(client: Client, beto: User) -> None:
    register(client, ref=beto.referral_code)

    assert set(Consent.objects.exclude(user__in=[beto, beto.referred_by]).values_list("channel", flat=True)) == {"link"}


def test_who_accepts_another_version_than_the_one_in_force_reads_that_it_changed(client: Client, db: None) -> None:
    answer = register(client, policy_version="2026-11")

    assert "La política cambió mientras usted la leía" in answer.content.decode()
    assert f'name="policy_version" value="{Policy.objects.current().version}"' in answer.content.decode()
    assert not User.objects.exists()


def test_the_version_that_was_read_is_the_one_that_is_accepted(client: Client, db: None) -> None:
    assert register(client, policy_version=Policy.objects.current().version).status_code == 302


def test_who_was_erased_and_joins_again_is_new(client: Client, db: None) -> None:
    tombstones.remember("900200001", at=timezone.now())
    register(client)

    assert User.objects.filter(cedula="900200001").exists()
    assert not tombstones.was_erased("900200001")


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
    ("proxies", "forwarded", "stored"),
    [
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (1, "nonsense", None),
        (1, "", "127.0.0.1"),
        (2, "192.0.2.1, 203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (2, "203.0.113.9", "203.0.113.9"),
        (0, "203.0.113.9", "127.0.0.1"),
    ],
)
def test_the_proof_carries_the_persons_address_and_not_the_proxys(
    client: Client, db: None, settings: Any, proxies: int, forwarded: str, stored: str | None
) -> None:
    settings.PROXY_COUNT = proxies
    client.post("/registro/", FORM, headers={"X-Forwarded-For": forwarded})

    assert set(Consent.objects.values_list("address", flat=True)) == {stored}
