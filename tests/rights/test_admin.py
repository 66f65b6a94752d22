"""The administration of proofs and of what people ask for."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from tests import make
from vereda.accounts.models import Consent, User
from vereda.rights.deadlines import Kind
from vereda.rights.models import RightsRequest

REQUESTS = "/admin/rights/rightsrequest/"


def request(days_ago: int = 0, **fields: Any) -> RightsRequest:
    received_on = timezone.localdate() - timedelta(days=days_ago)
    return RightsRequest.objects.create(**{"kind": Kind.QUERY, "received_on": received_on, **fields})


def test_a_request_is_written_down_and_shows_its_last_day(as_ana: Client, caro: User) -> None:
    as_ana.post(f"{REQUESTS}add/", {"kind": "query", "person": caro.pk, "received_on": "2026-02-02"})

    assert RightsRequest.objects.get().due_on == date(2026, 2, 16)
    assert "16 de Febrero de 2026" in as_ana.get(REQUESTS).content.decode()


def test_what_is_overdue_is_said_on_the_front_page_until_it_is_answered(as_ana: Client) -> None:
    late = request(days_ago=60)
    request(days_ago=1)
    assert "Hay 1 solicitud vencida" in as_ana.get("/admin/").content.decode()

    late.answered_on = timezone.localdate()
    late.save()
    assert "vencida" not in as_ana.get("/admin/").content.decode()


def test_who_may_not_see_requests_is_shown_nothing_of_them(client: Client, db: None) -> None:
    request(days_ago=60)
    clerk = make.person("Oficina", is_staff=True)
    client.force_login(clerk)
    assert "vencida" not in client.get("/admin/").content.decode()

    clerk.user_permissions.add(Permission.objects.get(codename="view_rightsrequest"))
    assert "Hay 1 solicitud vencida" in client.get("/admin/").content.decode()


def test_proofs_can_be_read_and_nothing_else(as_ana: Client, caro: User) -> None:
    act = Consent.objects.filter(user=caro)[0]
    page = as_ana.get("/admin/accounts/consent/").content.decode()

    assert "Caro Bermúdez" in page
    assert as_ana.get("/admin/accounts/consent/add/").status_code == 403
    as_ana.post(f"/admin/accounts/consent/{act.pk}/change/", {"purpose": "account"})
    as_ana.post(f"/admin/accounts/consent/{act.pk}/delete/", {"post": "yes"})
    assert Consent.objects.filter(pk=act.pk).exists()


@pytest.mark.parametrize("path", ["/admin/accounts/consent/", "/admin/accounts/policy/", REQUESTS])
def test_the_pages_open_with_and_without_anything_in_them(as_ana: Client, path: str) -> None:
    assert as_ana.get(path).status_code == 200
    request()
    assert as_ana.get(path).status_code == 200


@pytest.mark.parametrize(("source", "is_said"), [("registraduria", True), ("practice", False)])
def test_that_the_policy_names_nobody_is_said_where_real_people_are(
    as_ana: Client, settings: Any, source: str, is_said: bool
) -> None:
    settings.CENSUS_SOURCE = [source]

    assert ("no dice quién responde" in as_ana.get("/admin/").content.decode()) is is_said


def test_it_is_said_until_the_organisation_publishes_its_own(as_ana: Client, settings: Any) -> None:
    settings.CENSUS_SOURCE = ["registraduria"]
    make.policy("## Responde la Corporación Camino")

    assert "no dice quién responde" not in as_ana.get("/admin/").content.decode()
