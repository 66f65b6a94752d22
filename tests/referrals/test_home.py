"""Home's numbers: honest, and the same as those of the list."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from time_machine import travel

from tests import make
from tests.referrals.pages import counters, invited, page, printed
from vereda.accounts.models import User
from vereda.census.models import CedulaInfo
from vereda.census.statuses import Status
from vereda.referrals.groups import Group
from vereda.referrals.listing import counts_of
from vereda.referrals.numbers import EVERYBODY, home_numbers, month_start

NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)


def numbers_on_home(client: Client) -> dict[str, int]:
    """Return the numbers that home shows, by the tab that each leads to."""
    html = client.get("/").content.decode()
    return {group: int(number) for group, number in re.findall(r'id="numero-([a-z-]+)">(\d+)<', html)}


@pytest.fixture
def crowd(beto: User) -> list[User]:
    """Two people of Beto's in every status."""
    return [person for status in Status for person in invited(beto, 2, status)]


def test_home_and_tabs_say_the_same_of_every_group(as_beto: Client, crowd: list[User], eva: User) -> None:
    tabs = counters(page(as_beto))

    assert numbers_on_home(as_beto) == tabs
    assert tabs["todos"] == len(crowd) == 18


def test_home_and_the_page_for_paper_say_the_same(as_beto: Client, crowd: list[User]) -> None:
    assert f" {numbers_on_home(as_beto)['todos']} personas ·" in printed(as_beto)


def test_every_number_has_the_name_of_the_tab_that_it_counts_and_leads_to_it(
    as_beto: Client, crowd: list[User]
) -> None:
    html = as_beto.get("/").content.decode()
    number = r'<a href="([^"]+)"><b id="numero-([a-z-]+)">(\d+)</b><span>([^<]+)</span>'

    numbers = re.findall(number, html)
    assert len(numbers) == len(Group)
    for address, group, count, label in numbers:
        assert label == Group(group).label
        assert counters(page(as_beto, address.removeprefix("/referidos/")))[group] == int(count)


@pytest.mark.parametrize("status", [*Status])
def test_the_four_numbers_stand_there_whatever_they_are_and_the_others_when_they_are_any(
    as_beto: Client, beto: User, status: Status
) -> None:
    invited(beto, 1, status)

    shown = numbers_on_home(as_beto)
    assert {"todos", "encontrados", "pendientes", "novedades"} <= shown.keys()
    assert sum(number for group, number in shown.items() if group != "todos") == shown["todos"] == 1


def test_a_superuser_is_shown_of_everybody_as_in_the_list(client: Client, ana: User, crowd: list[User]) -> None:
    client.force_login(ana)

    assert numbers_on_home(client) == counters(page(client))
    assert numbers_on_home(client)["todos"] == 19


def test_a_superusers_goal_is_about_their_own_link(ana: User, crowd: list[User]) -> None:
    assert home_numbers(ana, NOW).goal.invited == 1


def test_who_is_no_leader_is_shown_how_many_and_nothing_of_the_census(as_caro: Client, caro: User) -> None:
    invited(caro, 2, Status.ACTIVE)

    html = as_caro.get("/").content.decode()
    assert numbers_on_home(as_caro) == {}
    assert re.search(r"<b>2</b> <span[^>]*>de 10 invitados", html)
    for text in ("Encontrados", "Pendientes", "Novedades", "estado="):
        assert text not in html


def test_a_leader_whom_nobody_followed_yet_sees_what_to_do(as_beto: Client) -> None:
    html = as_beto.get("/").content.decode()

    assert "Aún no ha invitado a nadie" in html
    assert numbers_on_home(as_beto) == {}


@pytest.mark.parametrize(
    ("invited_count", "wanted", "percent", "sentence"),
    [
        (1, 10, 10, "Lleva el 10 % del camino: le faltan 9."),
        (2, 3, 66, "Lleva el 66 % del camino: le falta 1."),
        (3, 3, 100, "¡Llegó a su meta!"),
        (3, 1, 100, "¡Llegó a su meta!"),
        (1, 0, 100, "¡Llegó a su meta!"),
    ],
)
def test_the_goal_is_shown_in_words_and_as_a_bar(
    as_beto: Client, beto: User, invited_count: int, wanted: int, percent: int, sentence: str
) -> None:
    User.objects.filter(pk=beto.pk).update(referral_goal=wanted)
    invited(beto, invited_count)

    html = as_beto.get("/").content.decode()
    assert sentence in html
    assert re.search(r'role="progressbar"\s+aria-label="Avance hacia su meta"', html)
    assert f'aria-valuenow="{percent}"' in html


@pytest.mark.parametrize(
    ("now", "start"),
    [
        (datetime(2026, 11, 20, 17, tzinfo=UTC), datetime(2026, 11, 1, 5, tzinfo=UTC)),
        (datetime(2026, 12, 1, 4, 59, tzinfo=UTC), datetime(2026, 11, 1, 5, tzinfo=UTC)),
        (datetime(2026, 12, 1, 5, tzinfo=UTC), datetime(2026, 12, 1, 5, tzinfo=UTC)),
        (datetime(2027, 1, 1, 3, tzinfo=UTC), datetime(2026, 12, 1, 5, tzinfo=UTC)),
    ],
)
def test_a_month_begins_at_midnight_in_bogota(now: datetime, start: datetime) -> None:
    assert month_start(now) == start


def test_who_joined_before_the_month_counts_in_all_and_not_in_the_month(as_beto: Client, beto: User) -> None:
    for joined_at in (datetime(2026, 11, 1, 4, 59, tzinfo=UTC), datetime(2026, 11, 1, 5, 0, tzinfo=UTC)):
        make.person(referred_by=beto, date_joined=joined_at)

    with travel(NOW, tick=False):
        html = as_beto.get("/").content.decode()
        goal = home_numbers(beto, NOW).goal
    assert (goal.invited, goal.invited_this_month) == (2, 1)
    assert "<b>1</b> este mes, desde el 1.º de noviembre" in html


def test_home_asks_four_things_of_the_database_besides_who_asks(
    as_beto: Client, crowd: list[User], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(6):  # session, user, consents, policy, counts, month
        as_beto.get("/")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plans")
def test_both_counts_are_read_from_indexes_alone(beto: User, crowd: list[User]) -> None:
    by_status = CedulaInfo.objects.referrals_of(beto).order_by().values_list("status")
    this_month = User.objects.visible_to(beto).filter(referred_by=beto, date_joined__gte=month_start(NOW))

    assert "USING COVERING INDEX census_referrals" in by_status.explain()
    assert "USING COVERING INDEX referrals_by_date" in this_month.order_by().values("date_joined").explain()


def test_the_counts_of_home_are_those_of_the_list(beto: User, crowd: list[User]) -> None:
    assert home_numbers(beto, NOW).goal.invited == counts_of(beto, EVERYBODY).total
