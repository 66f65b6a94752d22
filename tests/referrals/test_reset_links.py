"""Leaders help whom they invited to a new password."""

import re

import pytest
from django.test import Client

from tests import make
from tests.conftest import ReadOnlyOnGetClient
from tests.referrals.pages import detail, page
from vereda.accounts.models import AuditEntry, User

NEW = {"new_password1": "otro-sendero-largo", "new_password2": "otro-sendero-largo"}
OFFER = "Ayudar a recuperar la clave"


def link_in(html: str) -> str:
    found = re.search(r'<p class="link-box">http://testserver(/recuperar/[\w-]+/)</p>', html)
    assert found
    return found[1]


def test_a_leader_gets_a_link_with_which_the_person_chooses_a_password(as_beto: Client, caro: User) -> None:
    html = as_beto.post(f"/referidos/{caro.pk}/clave/").content.decode()
    of_caro = ReadOnlyOnGetClient()
    of_caro.get(link_in(html))
    of_caro.post("/recuperar/", NEW)

    caro.refresh_from_db()
    assert caro.check_password("otro-sendero-largo")


def test_the_link_can_be_copied_and_sent(as_beto: Client, caro: User) -> None:
    html = as_beto.post(f"/referidos/{caro.pk}/clave/").content.decode()

    assert f'data-copy="http://testserver{link_in(html)}"' in html
    assert 'href="https://wa.me/?text=' in html
    assert caro.phone not in html or not caro.phone


def test_it_is_shown_once(as_beto: Client, caro: User) -> None:
    as_beto.post(f"/referidos/{caro.pk}/clave/")

    assert "/recuperar/" not in as_beto.get(f"/referidos/{caro.pk}/clave/").content.decode()
    assert AuditEntry.objects.count() == 1


def test_looking_at_the_page_makes_no_link(as_beto: Client, caro: User) -> None:
    as_beto.get(f"/referidos/{caro.pk}/clave/")

    caro.refresh_from_db()
    assert caro.reset_link_at is None
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_leader_whom_one_invited_is_for_a_superuser_to_help(as_beto: Client, beto: User, method: str) -> None:
    other = make.leader("Hilda", referred_by=beto)

    assert getattr(as_beto, method)(f"/referidos/{other.pk}/clave/").status_code == 403


def test_nobody_gets_a_link_for_themselves(as_beto: Client, beto: User) -> None:
    assert as_beto.post(f"/referidos/{beto.pk}/clave/").status_code == 403


def test_a_superuser_helps_a_leader(client: Client, ana: User, beto: User) -> None:
    client.force_login(ana)

    assert link_in(client.post(f"/referidos/{beto.pk}/clave/").content.decode())


def test_the_list_offers_it_where_it_is_allowed(as_beto: Client, beto: User, caro: User) -> None:
    other = make.leader("Hilda", referred_by=beto)
    html = page(as_beto)

    assert f'<a href="/referidos/{caro.pk}/clave/">{OFFER}</a>' in detail(html, caro)
    assert OFFER not in detail(html, other)


def test_the_list_offers_a_superuser_to_help_everybody(client: Client, ana: User, beto: User, caro: User) -> None:
    client.force_login(ana)
    html = page(client)

    assert OFFER in detail(html, beto)
    assert OFFER in detail(html, caro)
