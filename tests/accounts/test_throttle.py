"""What may be done only so often from one client."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.accounts.joining.test_registration import register
from tests.census.worker.threads import at_once
from vereda.accounts import throttle, traces
from vereda.accounts.models import PersonSession, Throttle, User

NOW = timezone.now()
MINUTE = timedelta(minutes=1)


def take(client: str = "203.0.113.9", now: Any = NOW, purpose: str = "test") -> int:
    return throttle.take(purpose=purpose, client=client, most=2, span=MINUTE, now=now)


def test_more_than_so_many_have_to_wait_until_the_span_is_over(db: None) -> None:
    assert [take(), take(), take(now=NOW + timedelta(seconds=20))] == [0, 0, 40]


def test_after_the_span_it_begins_anew(db: None) -> None:
    for _ in range(3):
        take()

    assert [take(now=NOW + MINUTE), take(now=NOW + MINUTE), take(now=NOW + MINUTE)] == [0, 0, 60]


def test_other_places_and_purposes_count_for_themselves(db: None) -> None:
    for _ in range(3):
        take()

    assert (take(client="198.51.100.7"), take(purpose="another")) == (0, 0)


def test_no_address_is_kept(db: None) -> None:
    take()

    assert "203.0.113.9" not in str(Throttle.objects.values())


def test_what_counts_no_more_is_forgotten(db: None) -> None:
    take()

    assert traces.purge(now=NOW + MINUTE) == 0
    assert traces.purge(now=NOW + throttle.LONGEST_SPAN) == 1


def test_sessions_that_ran_out_are_forgotten_as_well(client: Client, caro: User) -> None:
    client.force_login(caro)
    PersonSession.objects.update(expire_date=NOW - MINUTE)
    take(now=NOW - throttle.LONGEST_SPAN)

    assert traces.purge(now=timezone.now()) == 2
    assert not PersonSession.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_than_so_many_go_through() -> None:
    taken = at_once(6, take)
    again = at_once(6, lambda: take(now=NOW + MINUTE))

    assert (taken.count(0), again.count(0)) == (2, 2)


def test_so_many_people_register_from_one_address_and_then_the_next_has_to_wait(
    client: Client, db: None, settings: Any
) -> None:
    settings.REGISTRATIONS_PER_HOUR = 2
    with time_machine.travel(NOW, tick=False):
        tried = [register(Client(), cedula=f"90070000{n}") for n in range(3)]

    assert [answer.status_code for answer in tried] == [302, 302, 429]
    assert tried[2]["Retry-After"] == "3600"
    assert "ya se registraron muchas personas. Espere 60 minutos." in tried[2].content.decode()
    assert User.objects.count() == 2


def test_who_mistypes_a_form_uses_nothing_up(client: Client, db: None, settings: Any) -> None:
    settings.REGISTRATIONS_PER_HOUR = 1
    for _ in range(3):
        assert register(client, full_name="<b>").status_code == 200

    assert register(client).status_code == 302


def test_a_leaders_phone_registers_a_whole_street(client: Client, db: None) -> None:
    tried = [register(Client(), cedula=f"9007000{n:02}").status_code for n in range(60)]

    assert tried == [302] * 60
