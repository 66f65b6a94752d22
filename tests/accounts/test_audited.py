"""What leaves an entry in the audit trail, and how the trail is looked at."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from tests import make
from tests.accounts.test_admin import person_form
from tests.referrals.pages import put
from vereda.accounts import audit
from vereda.accounts.models import AuditEntry, User
from vereda.census.models import CedulaInfo
from vereda.census.statuses import Status

Entry = tuple[str, User | None, User | None, str]


def entries() -> list[Entry]:
    return [(entry.action, entry.actor, entry.person, entry.detail) for entry in AuditEntry.objects.order_by("pk")]


@pytest.fixture
def as_ana(client: Client, ana: User) -> Client:
    client.force_login(ana)
    return client


@pytest.fixture
def as_beto(client: Client, beto: User) -> Client:
    client.force_login(beto)
    return client


def test_a_leaders_refresh_of_one_is(as_beto: Client, beto: User, caro: User) -> None:
    put(caro, Status.ERROR)
    as_beto.post(f"/censo/{caro.pk}/actualizar/")
    as_beto.post(f"/censo/{caro.pk}/actualizar/")  # under way already

    assert entries() == [("lookup_asked", beto, caro, "")]


def test_ones_own_refresh_is_not(as_beto: Client, beto: User) -> None:
    put(beto, Status.ERROR)
    as_beto.post("/censo/actualizar/")

    assert CedulaInfo.objects.get(user=beto).status == Status.PENDING
    assert not entries()


def test_a_refresh_of_marked_people_is_for_each_who_was_asked_about(as_beto: Client, beto: User, caro: User) -> None:
    fabio, gloria = make.person("Fabio", referred_by=beto), make.person("Gloria", referred_by=beto)
    put(caro, Status.ERROR)
    put(fabio, Status.ACTIVE, municipio="PASTO", puesto="IE", mesa="4")
    put(gloria, Status.TIMEOUT)
    as_beto.post("/referidos/actualizar/", {"ids": [caro.pk, fabio.pk, gloria.pk]})

    assert sorted(entries(), key=str) == sorted(
        [("bulk_asked", beto, caro, ""), ("bulk_asked", beto, gloria, "")], key=str
    )


def test_a_refresh_of_all_is_once_with_how_many(as_beto: Client, beto: User, caro: User) -> None:
    put(caro, Status.ERROR)
    put(make.person("Fabio", referred_by=beto), Status.ERROR)
    as_beto.post("/referidos/actualizar-todos/")

    assert entries() == [("bulk_asked", beto, None, "A 2, por el botón de todos")]


def save(client: Client, person: User, **changes: str) -> None:
    """Send the administration's form about a person, with these changes."""
    form = person_form(person, referred_by=str(person.referred_by_id), **changes)
    assert client.post(f"/admin/accounts/user/{person.pk}/change/", form).status_code == 302


def test_a_role_that_is_given_is_and_what_else_changed(as_ana: Client, ana: User, caro: User) -> None:
    save(as_ana, caro, role="LEADER", is_staff="on", full_name="Carolina", phone="301 234 5678")

    assert entries() == [
        ("role_changed", ana, caro, "rol: Líder; entra a la administración: sí"),
        ("person_changed", ana, caro, "nombre completo, teléfono"),
    ]


def test_a_permission_that_is_given_is(as_ana: Client, ana: User, caro: User) -> None:
    permission = Permission.objects.get(codename="view_user")
    save(as_ana, caro, user_permissions=str(permission.pk))

    ((action, actor, person, detail),) = entries()
    assert (action, actor, person) == ("role_changed", ana, caro)
    assert "persona" in detail


def test_a_form_that_changes_nothing_is_not(as_ana: Client, caro: User) -> None:
    save(as_ana, caro)

    assert not entries()


def test_a_person_who_is_added_by_hand_is(as_ana: Client, ana: User) -> None:
    form = {"cedula": "900300001", "full_name": "Nora", "usable_password": "true"}
    as_ana.post("/admin/accounts/user/add/", {**form, "password1": make.PASSWORD, "password2": make.PASSWORD})

    assert entries() == [("person_added", ana, User.objects.get(cedula="900300001"), "")]


def test_a_password_that_is_given_to_somebody_is(as_ana: Client, ana: User, caro: User) -> None:
    address = f"/admin/accounts/user/{caro.pk}/password/"
    new = {"password1": "otro-sendero-largo", "password2": "otro-sendero-largo"}
    as_ana.post(address, {**new, "password2": "algo distinto", "usable_password": "true"})
    assert not entries()

    assert as_ana.post(address, {**new, "usable_password": "false"}).status_code == 302  # says yes and no: refused
    assert not entries()

    as_ana.post(address, {**new, "usable_password": "true", "set-password": "1"})
    assert entries() == [("password_changed", ana, caro, "")]


@pytest.mark.parametrize("path", ["change", "password"])
def test_the_administration_shows_no_full_cedula_by_itself(as_ana: Client, caro: User, path: str) -> None:
    html = as_ana.get(f"/admin/accounts/user/{caro.pk}/{path}/").content.decode()

    assert caro.full_name in html
    assert caro.cedula not in html
    assert caro.cedula_dotted not in html


def reveal(client: Client, *people: User) -> Any:
    """Ask the administration for full cédulas."""
    form = {"action": "reveal", "_selected_action": [person.pk for person in people]}
    return client.post("/admin/accounts/user/", form, follow=True)


def test_a_full_cedula_that_the_administration_shows_on_demand_is(as_ana: Client, ana: User, caro: User) -> None:
    answer = reveal(as_ana, caro)

    assert caro.cedula_dotted in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "messages" not in as_ana.cookies
    assert entries() == [("cedula_seen", ana, caro, "")]


def test_it_shows_only_a_few_at_a_time(as_ana: Client, beto: User) -> None:
    answer = reveal(as_ana, *[make.person() for _ in range(11)])

    assert "Son máximo 10 personas a la vez." in answer.content.decode()
    assert not entries()


@pytest.mark.parametrize("path", ["", "?action__exact=cedula_seen", "?actor__id__exact={ana}", "?q=Bermúdez"])
def test_superusers_read_and_filter_the_trail(as_ana: Client, ana: User, caro: User, path: str) -> None:
    audit.record(action=AuditEntry.Action.CEDULA_SEEN, actor=ana, person=caro)
    audit.record(action=AuditEntry.Action.EXPORTED, actor=None, detail="solo en la lista entera")
    page = as_ana.get("/admin/accounts/auditentry/" + path.format(ana=ana.pk)).content.decode()

    assert f'<a href="?person__id__exact={caro.pk}">Caro Bermúdez</a>' in page
    assert ("solo en la lista entera" in page) == (not path)


def test_whom_the_trail_names_and_who_is_gone_is_a_number(as_ana: Client, ana: User, caro: User) -> None:
    audit.record(action=AuditEntry.Action.CEDULA_SEEN, actor=ana, person=caro)
    pk = caro.pk
    caro.delete()

    assert f"cuenta {pk}, borrada" in as_ana.get("/admin/accounts/auditentry/").content.decode()


@pytest.mark.parametrize("path", ["add/", "1/delete/"])
def test_nobody_adds_or_deletes_an_entry(as_ana: Client, ana: User, path: str) -> None:
    audit.record(action=AuditEntry.Action.CEDULA_SEEN, actor=ana)

    assert as_ana.get(f"/admin/accounts/auditentry/{path}").status_code == 403


def test_staff_do_not_see_the_trail(client: Client, ana: User) -> None:
    clerk = make.person("Oficina", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client.force_login(clerk)

    assert client.get("/admin/accounts/auditentry/").status_code == 403
