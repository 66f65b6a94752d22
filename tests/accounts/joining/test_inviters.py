"""Nobody can have been invited by somebody whom they brought."""

from functools import partial
from queue import SimpleQueue

import pytest
from django.db import transaction
from django.test import Client

from tests import make
from tests.accounts.test_admin import person_form
from tests.census.worker.threads import at_once
from vereda.accounts.joining import inviters
from vereda.accounts.models import User

REFUSAL = "Esa persona llegó por invitación de esta, directa o indirectamente."


@pytest.fixture
def as_ana(client: Client, ana: User) -> Client:
    """Ana, logged in."""
    client.force_login(ana)
    return client


def change(client: Client, person: User, inviter: User) -> str:
    """Give a person another inviter in the administration; return the page."""
    form = person_form(person, referred_by=str(inviter.pk))
    html: str = client.post(f"/admin/accounts/user/{person.pk}/change/", form).content.decode()
    return html


def test_whom_one_invited_cannot_become_ones_inviter(as_ana: Client, beto: User, caro: User, ana: User) -> None:
    assert REFUSAL in change(as_ana, beto, caro)

    beto.refresh_from_db()
    assert beto.referred_by == ana


def test_nor_can_anybody_further_down(as_ana: Client, beto: User, caro: User, ana: User) -> None:
    dora = make.person("Dora", referred_by=make.person("Fabio", referred_by=caro))

    assert REFUSAL in change(as_ana, beto, dora)


def test_anybody_else_can(as_ana: Client, caro: User, dani: User) -> None:
    change(as_ana, caro, dani)

    caro.refresh_from_db()
    assert caro.referred_by == dani


def test_a_person_whose_inviter_stays_is_saved_whatever_stood_there_before(
    as_ana: Client, beto: User, caro: User
) -> None:
    beto.referred_by = caro
    beto.save()

    form = person_form(caro, referred_by=str(beto.pk), full_name="Carolina")
    as_ana.post(f"/admin/accounts/user/{caro.pk}/change/", form)

    caro.refresh_from_db()
    assert caro.full_name == "Carolina"


def test_a_circle_of_before_ends_the_search(beto: User, caro: User, eva: User) -> None:
    beto.referred_by = caro
    beto.save()

    assert not inviters.makes_cycle(person=eva, inviter=caro)


@pytest.mark.django_db(transaction=True)
def test_changes_at_once_make_no_circle_together() -> None:
    for _ in range(10):
        people = [make.person(f"Persona {number}") for number in range(3)]
        changes = SimpleQueue[tuple[User, User]]()
        for person, inviter in zip(people, [*people[1:], people[0]], strict=True):
            changes.put((User.objects.get(pk=person.pk), inviter))

        made = at_once(3, partial(take_and_make, changes))

        assert sorted(made) == [False, True, True]


@transaction.atomic
def take_and_make(changes: "SimpleQueue[tuple[User, User]]") -> bool:
    """Give somebody their inviter as the administration does; return whether that was allowed."""
    person, inviter = changes.get()
    is_allowed = inviters.lock(person=person, inviter=inviter)
    if is_allowed:
        person.referred_by = inviter
        person.save()
    return is_allowed
