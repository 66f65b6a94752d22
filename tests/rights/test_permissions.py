"""Giving and withdrawing permissions by oneself, and accepting a policy that is new or newly asked about."""

from typing import Any

import pytest
from django.test import Client

from tests import make
from tests.census.worker.attempts import PLACE, look_up
from vereda.accounts.consents import current_consents
from vereda.accounts.models import AuditEntry, Channel, Consent, Policy, Purpose, User
from vereda.census.models import CedulaInfo
from vereda.census.statuses import UNAUTHORISED, Status

CHANGE = "/perfil/mis-datos/autorizacion/"
ACCEPT = "/perfil/mis-datos/politica/"
HOME = "/"


@pytest.fixture
def nora(db: None) -> User:
    """Typed in by an administration."""
    return make.person_without_consent("Nora Sinisterra")


@pytest.fixture
def as_nora(client: Client, nora: User) -> Client:
    client.force_login(nora)
    return client


def change(client: Client, purpose: str, what: str) -> Any:
    return client.post(CHANGE, {"finalidad": purpose, "permiso": what})


def held(user: User) -> set[Purpose]:
    return set(current_consents(user).by_purpose)


def record_of(user: User) -> CedulaInfo:
    return CedulaInfo.objects.get(user=user)


def test_a_permission_is_withdrawn_as_easily_as_it_is_given(as_caro: Client, caro: User) -> None:
    assert change(as_caro, "contact_by_leader", "retirar")["Location"] == "/perfil/mis-datos/"
    assert held(caro) == {Purpose.ACCOUNT, Purpose.CENSUS_LOOKUP}

    assert change(as_caro, "contact_by_leader", "dar")["Location"] == "/perfil/mis-datos/"
    assert held(caro) == set(Purpose)


def test_each_act_has_its_place_and_way_and_an_entry(as_caro: Client, caro: User) -> None:
    change(as_caro, "contact_by_leader", "retirar")
    change(as_caro, "contact_by_leader", "dar")

    acts = Consent.objects.filter(user=caro, channel=Channel.OWN).order_by("pk")
    assert list(acts.values_list("is_given", "address")) == [(False, "127.0.0.1"), (True, "127.0.0.1")]
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "person_id", "detail")) == [
        ("consent_withdrawn", caro.pk, "contact_by_leader"),
        ("consent_given", caro.pk, "contact_by_leader"),
    ]


def test_doing_it_twice_is_one_act(as_caro: Client, caro: User) -> None:
    for what in ("retirar", "retirar", "dar", "dar"):
        change(as_caro, "contact_by_leader", what)

    assert Consent.objects.filter(user=caro, channel=Channel.OWN).count() == 2
    assert AuditEntry.objects.count() == 2


def test_withdrawing_the_lookup_forgets_the_answer_and_giving_it_asks_again(as_caro: Client, caro: User) -> None:
    look_up(record_of(caro), PLACE)
    change(as_caro, "census_lookup", "retirar")
    assert record_of(caro).status == UNAUTHORISED
    assert "IE EL SAUCE" not in as_caro.get("/perfil/").content.decode()

    assert change(as_caro, "census_lookup", "dar")["Location"] == "/perfil/"
    assert record_of(caro).status == Status.PENDING


def test_one_is_shown_what_came_of_it(as_caro: Client) -> None:
    page = as_caro.post(CHANGE, {"finalidad": "census_lookup", "permiso": "retirar"}, follow=True).content.decode()

    assert "no consultamos más su cédula y borramos lo que respondió el censo" in page


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({}, "Falta decir qué permiso."),
        ({"finalidad": "census_lookup"}, "Falta decir si lo da o lo retira."),
        ({"finalidad": "census_lookup", "permiso": "vender"}, "Un permiso se da o se retira."),
        ({"finalidad": "account", "permiso": "retirar"}, "Ese permiso no existe."),
        ({"finalidad": "account", "permiso": "dar"}, "Ese permiso no existe."),
        ({"finalidad": "<b>", "permiso": "dar"}, "Ese permiso no existe."),
        ({"finalidad": "a\0b", "permiso": "dar"}, "Ese permiso no existe."),
        ({"finalidad": "x" * 5000, "permiso": "dar"}, "Ese permiso no existe."),
        ({"finalidad": ["census_lookup", "nada"], "permiso": "dar"}, "Ese permiso no existe."),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_what_makes_no_sense_is_refused_with_a_sentence_and_changes_nothing(
    as_caro: Client, caro: User, form: dict[str, Any], sentence: str
) -> None:
    before = Consent.objects.count()
    refused = as_caro.post(CHANGE, form)

    assert refused.status_code == 400
    assert sentence in refused.content.decode()
    assert Consent.objects.count() == before


def test_nobody_gives_or_withdraws_for_another(as_caro: Client, eva: User) -> None:
    as_caro.post(CHANGE, {"finalidad": "census_lookup", "permiso": "retirar", "user": eva.pk, "person": eva.pk})

    assert held(eva) == set(Purpose)


# Accepting


def test_who_was_typed_in_is_asked_at_home_and_on_their_data(as_nora: Client) -> None:
    for path in (HOME, "/perfil/mis-datos/"):
        page = as_nora.get(path).content.decode()
        assert "Falta su autorización" in page
        assert f'href="{ACCEPT}"' in page


def test_who_has_accepted_is_not_asked(as_caro: Client) -> None:
    for path in (HOME, "/perfil/mis-datos/"):
        assert f'class="inline-link" href="{ACCEPT}"' not in as_caro.get(path).content.decode()


def test_a_newer_version_is_asked_about_and_the_older_consent_goes_on(as_caro: Client, caro: User) -> None:
    make.policy("## Nueva política")

    assert "Cambió la política de datos" in as_caro.get(HOME).content.decode()
    assert "Nueva política" in as_caro.get(ACCEPT).content.decode()
    assert held(caro) == set(Purpose)
    assert record_of(caro).status == Status.PENDING


def test_accepting_it_is_an_act_under_that_version_and_ends_the_question(as_caro: Client, caro: User) -> None:
    newer = make.policy("## Nueva política")
    form = {"accept_policy": "on", "purpose_census_lookup": "on", "purpose_contact_by_leader": "on"}
    as_caro.post(ACCEPT, {**form, "policy_version": newer.version})

    assert {act.policy for act in current_consents(caro).by_purpose.values()} == {newer}
    assert "Cambió la política" not in as_caro.get(HOME).content.decode()


def test_on_the_page_every_permission_is_ticked_by_itself(as_nora: Client, nora: User) -> None:
    page = as_nora.get(ACCEPT).content.decode()
    assert page.count('type="checkbox"') == 3
    assert "checked" not in page

    as_nora.post(ACCEPT, {"accept_policy": "on"})
    assert held(nora) == {Purpose.ACCOUNT}
    assert record_of(nora).status == UNAUTHORISED

    as_nora.post(ACCEPT, {"accept_policy": "on", "purpose_census_lookup": "on"})
    assert held(nora) == {Purpose.ACCOUNT, Purpose.CENSUS_LOOKUP}
    assert record_of(nora).status == Status.PENDING


def test_what_holds_is_ticked_already_and_unticking_withdraws_it(as_caro: Client, caro: User) -> None:
    assert as_caro.get(ACCEPT).content.decode().count("checked") == 2

    as_caro.post(ACCEPT, {"accept_policy": "on", "purpose_census_lookup": "on"})
    assert held(caro) == {Purpose.ACCOUNT, Purpose.CENSUS_LOOKUP}


def test_without_accepting_nothing_is_given(as_nora: Client, nora: User) -> None:
    reply = as_nora.post(ACCEPT, {"purpose_census_lookup": "on"})

    assert "necesitamos que acepte la política" in reply.content.decode()
    assert held(nora) == set()


def test_a_version_that_changed_meanwhile_is_shown_and_asked_about_anew(as_nora: Client, nora: User) -> None:
    before = Policy.objects.current().version
    make.policy("## La de ahora")
    page = as_nora.post(ACCEPT, {"accept_policy": "on", "policy_version": before}).content.decode()

    assert "La política cambió mientras usted la leía" in page
    assert "La de ahora" in page
    assert held(nora) == set()


def test_who_never_accepted_is_led_to_the_policy_before_giving_a_permission(as_nora: Client, nora: User) -> None:
    assert change(as_nora, "census_lookup", "dar")["Location"] == ACCEPT
    assert held(nora) == set()


def test_a_permission_is_given_under_a_policy_that_was_accepted(as_caro: Client, caro: User) -> None:
    change(as_caro, "census_lookup", "retirar")
    make.policy("2030-01")

    assert change(as_caro, "census_lookup", "dar")["Location"] == ACCEPT
    assert "census_lookup" not in held(caro)
