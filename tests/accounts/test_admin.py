"""Only a superuser gives a role."""

from django.contrib.auth.models import Permission
from django.test import Client

from tests import make
from vereda.accounts.models import User


def person_form(user: User, **changes: str) -> dict[str, str]:
    return {
        "cedula": user.cedula,
        "full_name": user.full_name,
        "phone": user.phone,
        "role": user.role,
        "referral_goal": "10",
        "is_active": "on",
        **changes,
    }


def test_a_superuser_makes_somebody_a_leader(client: Client, ana: User, caro: User) -> None:
    client.force_login(ana)
    client.post(f"/admin/accounts/user/{caro.pk}/change/", person_form(caro, role="LEADER"))

    caro.refresh_from_db()
    assert caro.role == User.Role.LEADER


def test_staff_without_that_power_change_names_but_no_role(client: Client, caro: User) -> None:
    clerk = make.person("Oficina", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(clerk)
    form = person_form(caro, full_name="Carolina Bermúdez", role="LEADER", is_superuser="on", is_staff="on")
    client.post(f"/admin/accounts/user/{caro.pk}/change/", form)

    caro.refresh_from_db()
    assert caro.full_name == "Carolina Bermúdez"
    assert (caro.role, caro.is_superuser, caro.is_staff) == (User.Role.USER, False, False)


def test_staff_do_not_even_see_superusers(client: Client, ana: User) -> None:
    clerk = make.person("Oficina", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(clerk)

    assert client.get(f"/admin/accounts/user/{ana.pk}/change/").status_code == 302


def test_a_person_added_in_the_administration_follows_the_rules_of_registration(client: Client, ana: User) -> None:
    client.force_login(ana)
    form = {"full_name": "Nora", "usable_password": "true", "password1": make.PASSWORD, "password2": make.PASSWORD}
    refused = client.post("/admin/accounts/user/add/", {"cedula": "0900", **form})
    taken = client.post("/admin/accounts/user/add/", {"cedula": "C.C. 900.300.001", **form})

    assert refused.status_code == 200
    assert taken.status_code == 302
    assert User.objects.filter(cedula="900300001").exists()


def test_the_cedula_that_the_census_answered_about_cannot_be_exchanged(client: Client, ana: User, caro: User) -> None:
    client.force_login(ana)
    before = caro.cedula
    client.post(f"/admin/accounts/user/{caro.pk}/change/", person_form(caro, cedula="900999901", full_name="Carolina"))

    caro.refresh_from_db()
    assert (caro.cedula, caro.full_name) == (before, "Carolina")


def test_nobody_can_be_made_their_own_inviter(client: Client, ana: User, caro: User) -> None:
    client.force_login(ana)
    page = client.post(f"/admin/accounts/user/{caro.pk}/change/", person_form(caro, referred_by=str(caro.pk)))

    assert "Nadie se invita a sí mismo." in page.content.decode()
