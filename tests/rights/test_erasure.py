"""Erasing oneself, being erased by a superuser, and what stays of the others."""

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests import make
from tests.accounts.entering.second_steps import give_password, with_second_step
from tests.census.worker.attempts import PLACE, look_up
from vereda.accounts import throttle, tombstones
from vereda.accounts.models import AuditEntry, PersonSession, RetiredCode, Tombstone, User
from vereda.census.models import CedulaInfo
from vereda.referrals.queries import forget
from vereda.rights import erasure

ERASE = "/perfil/mis-datos/borrar/"
SURE = {"password": make.PASSWORD, "is_sure": "on"}


def erase(person: User, actor: User | None = None) -> None:
    erasure.erase(person=person, actor=actor, now=timezone.now())


def exists(person: User) -> bool:
    return User.objects.filter(pk=person.pk).exists()


def test_one_erases_oneself_with_ones_password_and_is_logged_out(as_caro: Client, caro: User) -> None:
    reply = as_caro.post(ERASE, SURE, follow=True)

    assert not exists(caro)
    assert reply.redirect_chain == [("/ingresar/", 302)]
    assert "Borramos su cuenta y todos sus datos" in reply.content.decode()
    assert as_caro.get("/perfil/").status_code == 302


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        ({"is_sure": "on"}, "password", "Escriba su clave."),
        ({"password": "otra", "is_sure": "on"}, "password", "Esa no es su clave."),
        ({"password": f" {make.PASSWORD} ", "is_sure": "on"}, "password", "Esa no es su clave."),
        ({"password": "x" * 5000, "is_sure": "on"}, "password", "La clave es demasiado larga."),
        ({"password": "a\0b", "is_sure": "on"}, "password", "caracteres nulos"),
        ({"password": make.PASSWORD}, "is_sure", "Marque esta casilla si está seguro."),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_without_password_or_certainty_nothing_is_erased(
    as_caro: Client, caro: User, form: dict[str, str], field: str, sentence: str
) -> None:
    reply = as_caro.post(ERASE, form)

    assert reply.status_code == 200
    assert sentence in " ".join(reply.context["form"].errors[field])
    assert exists(caro)


def test_the_password_cannot_be_found_out_by_trying(as_caro: Client, caro: User) -> None:
    for _ in range(throttle.MOST_PASSWORDS):
        as_caro.post(ERASE, {"password": "otra", "is_sure": "on"})
    refused = as_caro.post(ERASE, SURE)

    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert exists(caro)


def test_looking_at_the_page_erases_nothing(as_caro: Client, caro: User) -> None:
    as_caro.get(ERASE, SURE)

    assert exists(caro)


def test_the_entry_bears_numbers_only(as_caro: Client, caro: User) -> None:
    as_caro.post(ERASE, SURE)

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_id, entry.person_id, entry.detail) == ("erased", caro.pk, caro.pk, "")


def test_when_a_leader_is_erased_their_people_stay_with_all_that_is_theirs(beto: User, caro: User) -> None:
    look_up(caro.cedula_info, PLACE)
    erase(beto, beto)

    caro.refresh_from_db()
    record = CedulaInfo.objects.get(user=caro)
    assert (caro.referred_by, record.referred_by, record.puesto) == (None, None, PLACE.puesto)
    assert record.lookup_attempts.count() == 1


def test_their_link_leads_nowhere_any_more(client: Client, beto: User) -> None:
    erase(beto)

    page = client.get(f"/registro/?ref={beto.referral_code}").content.decode()
    assert "Ese enlace de invitación ya no se usa." in page
    assert not RetiredCode.objects.exclude(code=beto.referral_code).exists()


def test_whom_others_count_is_one_less(client: Client, beto: User, caro: User) -> None:
    client.force_login(beto)
    assert client.get("/").context["goal"].invited == 1

    erase(caro)
    assert client.get("/").context["goal"].invited == 0
    assert client.get("/referidos/").context["page"].counts.total == 0


def test_a_page_that_is_open_sees_them_go(client: Client, beto: User, caro: User) -> None:
    client.force_login(beto)
    erase(caro)

    changed = client.get("/referidos/cambios/", {"visto": f"{caro.pk}.00000000"}).content.decode()
    assert f'id="referido-{caro.pk}" hx-swap-oob="delete"' in changed


def test_every_session_of_theirs_ends_and_nobody_elses(caro: User, beto: User) -> None:
    browsers = [Client(), Client(), Client()]
    for browser, user in zip(browsers, (caro, caro, beto), strict=True):
        browser.force_login(user)
    erase(caro)

    assert [browser.get("/perfil/").status_code for browser in browsers] == [302, 302, 200]
    assert set(PersonSession.objects.values_list("person_id", flat=True)) == {beto.pk}


def test_erasing_somebody_who_is_gone_does_nothing(caro: User) -> None:
    erase(caro)
    erase(caro)

    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("search", "is_forgotten"),
    [
        ("900777201", True),
        ("C.C. 900.777.201", True),
        ("77720", True),
        ("7201", False),
        ("+57 317 555 0142", True),
        ("3175550142", True),
        ("900888201", False),
        ("Zoraida 1", False),
        ("zuniga 02", True),
    ],
)
def test_searches_for_their_numbers_are_forgotten_and_others_are_not(search: str, is_forgotten: bool) -> None:
    session: dict[str, Any] = {"searched_numbers": {"a": search, "b": "555666777"}}

    numbers = ("900777201", "+573175550142")
    assert forget(session, numbers=numbers, name="Rosa Zúñiga") is is_forgotten
    assert session["searched_numbers"] == ({} if is_forgotten else {"a": search}) | {"b": "555666777"}


# Superusers


def test_the_last_superuser_cannot_be_erased(as_ana: Client, ana: User) -> None:
    page = as_ana.get(ERASE).content.decode()
    as_ana.post(ERASE, SURE)

    assert exists(ana)
    assert "única persona que administra todo el sitio" in page
    assert "Borrar mi cuenta y mis datos</button>" not in page
    with pytest.raises(erasure.LastSuperuserError):
        erase(ana, ana)
    assert not tombstones.was_erased(ana.cedula)


def test_one_of_two_can(ana: User) -> None:
    make.person("Otra", is_superuser=True)
    erase(ana, ana)

    assert not exists(ana)


def test_one_who_cannot_log_in_does_not_count(ana: User) -> None:
    make.person("Otra", is_superuser=True, is_active=False)

    with pytest.raises(erasure.LastSuperuserError):
        erase(ana, ana)


# In the administration


def test_a_superuser_erases_who_has_asked_for_it(as_ana: Client, ana: User, caro: User) -> None:
    assert "Caro Bermúdez" in as_ana.get(f"/admin/accounts/user/{caro.pk}/delete/").content.decode()
    as_ana.post(f"/admin/accounts/user/{caro.pk}/delete/", {"post": "yes"})

    assert not exists(caro)
    assert tombstones.was_erased(caro.cedula)
    entry = AuditEntry.objects.get(action="erased")
    assert (entry.actor_id, entry.person_id) == (ana.pk, caro.pk)


def delete(client: Client, *chosen: User) -> Any:
    form = {"action": "delete_selected", "post": "yes", "_selected_action": [person.pk for person in chosen]}
    return client.post("/admin/accounts/user/", form, follow=True)


def test_a_superuser_erases_several_but_not_themselves(as_ana: Client, ana: User, caro: User, eva: User) -> None:
    page = delete(as_ana, ana, caro, eva).content.decode()

    assert (exists(ana), exists(caro), exists(eva)) == (True, False, False)
    assert "Su propia cuenta se borra con su clave" in page
    assert Tombstone.objects.count() == 2


def test_the_last_superuser_has_no_button(as_ana: Client, ana: User) -> None:
    assert as_ana.post(f"/admin/accounts/user/{ana.pk}/delete/", {"post": "yes"}).status_code == 403
    assert exists(ana)


def test_staff_erase_nobody_whatever_their_permissions(client: Client, caro: User) -> None:
    clerk = make.person("Oficina", is_staff=True)
    clerk.user_permissions.set(Permission.objects.all())
    client.force_login(clerk)
    client.post(f"/admin/accounts/user/{caro.pk}/delete/", {"post": "yes"})
    delete(client, caro)

    assert exists(caro)


# After a backup was restored


def erase_again() -> str:
    out = StringIO()
    call_command("erase-again", stdout=out)
    return out.getvalue()


def test_whoever_came_back_with_a_backup_is_erased_again(caro: User, eva: User) -> None:
    tombstones.remember(caro.cedula, at=timezone.now())

    assert erase_again() == "1 erased again\n"
    assert (exists(caro), exists(eva)) == (False, True)
    assert erase_again() == "0 erased again\n"


def test_who_joined_again_by_themselves_stays(client: Client, caro: User) -> None:
    erase(caro)
    form = {"cedula": caro.cedula, "full_name": "Caro", "phone": "300 123 4567", "accept_policy": "on"}
    client.post("/registro/", {**form, "password1": make.PASSWORD, "password2": make.PASSWORD})

    assert erase_again() == "0 erased again\n"


def test_a_short_name_takes_nothing_else_out_of_the_administrations_log(ana: User) -> None:
    kept = [("Versión 2026-12 a", "Publicada."), ("Nadia Paz", "Cambió el teléfono.")]
    for told, message in kept:
        LogEntry.objects.create(user=ana, action_flag=CHANGE, object_repr=told, change_message=message)
    for name in ("a", "Nadia"):
        erase(make.person(name))

    assert list(LogEntry.objects.order_by("pk").values_list("object_repr", "change_message")) == kept


def test_a_name_with_accents_is_found_in_what_the_administration_noted(ana: User) -> None:
    message = json.dumps([{"changed": {"name": "persona", "object": "Zoé Ñáñez"}}])
    LogEntry.objects.create(user=ana, action_flag=CHANGE, object_repr="Eva", change_message=message)
    erase(make.person("Zoé Ñáñez"))

    assert LogEntry.objects.values_list("object_repr", "change_message").get() == ("—", "")


def test_half_a_login_goes_with_its_person(client: Client, beto: User) -> None:
    with_second_step(beto)
    give_password(client, beto)
    assert PersonSession.objects.filter(person_id=beto.pk).count() == 1
    erase(beto)

    assert not PersonSession.objects.exists()
    assert client.get("/ingresar/codigo/").status_code == 302


def test_the_last_superuser_with_a_tombstone_keeps_nobody_else(ana: User, caro: User) -> None:
    for person in (ana, caro):
        tombstones.remember(person.cedula, at=timezone.now())

    with pytest.raises(CommandError, match="last superuser"):
        erase_again()
    assert (exists(ana), exists(caro)) == (True, False)


def test_a_superuser_erases_themselves_by_password_only(client: Client, ana: User) -> None:
    make.person("Otra Superusuaria", is_staff=True, is_superuser=True)
    client.force_login(ana)
    chosen = {"action": "delete_selected", "_selected_action": [ana.pk], "post": "yes"}
    client.post("/admin/accounts/user/", chosen)

    assert client.post(f"/admin/accounts/user/{ana.pk}/delete/", {"post": "yes"}).status_code == 403
    assert exists(ana)
