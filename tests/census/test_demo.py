"""The demo's invented people."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests import make
from vereda.accounts.models import User
from vereda.census import demo
from vereda.census.models import CedulaInfo
from vereda.census.statuses import Status


@pytest.fixture
def demo_people(db: None) -> None:
    call_command("demo", verbosity=0)


def test_every_login_that_is_printed_works(demo_people: None, client: Client) -> None:
    for login in demo.LOGINS:
        assert client.login(username=login.cedula, password=login.password)


def test_where_a_real_source_answers_no_printed_login_opens_anything(
    demo_people: None, client: Client, settings: Any
) -> None:
    settings.CENSUS_SOURCE = ["registraduria"]

    for login in demo.LOGINS:
        assert client.post("/ingresar/", {"username": login.cedula, "password": login.password}).status_code == 200
        assert "_auth_user_id" not in client.session


def test_the_demo_shows_answers_and_failures(demo_people: None) -> None:
    statuses = set(CedulaInfo.objects.values_list("status", flat=True))

    assert statuses == {
        Status.ACTIVE,
        Status.NOT_FOUND,
        Status.CANCELLED_DECEASED,
        Status.CANCELLED_OTHER,
        Status.BLOCKED,
        Status.PENDING,
    }


def test_the_people_stand_under_their_leaders(demo_people: None) -> None:
    assert User.objects.get(cedula=demo.BETO).referrals.count() == 8
    assert User.objects.get(cedula=demo.BETO).referred_by == User.objects.get(cedula=demo.ANA)


def test_it_can_be_made_again(demo_people: None) -> None:
    call_command("demo", verbosity=0)

    assert User.objects.count() == len(demo.PEOPLE)


def test_it_refuses_a_real_source(db: None, settings: Any) -> None:
    settings.CENSUS_SOURCE = ["registraduria"]
    with pytest.raises(CommandError, match="practice census only"):
        call_command("demo", verbosity=0)

    assert not User.objects.exists()


def test_it_refuses_a_database_that_holds_anybody_else(demo_people: None) -> None:
    other = make.person("Alguien")
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("demo", verbosity=0)

    assert User.objects.filter(pk=other.pk).exists()


def test_nobody_in_the_demo_has_a_cedula_that_is_handed_out(db: None) -> None:
    assert all(len(person.cedula) == 9 for person in demo.PEOPLE)
