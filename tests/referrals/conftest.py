"""What the tests of the list share."""

import pytest
from django.test import Client
from django.utils import timezone

from tests import make
from tests.referrals.pages import put
from vereda.accounts.models import User
from vereda.census.statuses import Status
from vereda.census.worker import heartbeat


@pytest.fixture
def as_beto(client: Client, beto: User) -> Client:
    """Beto, logged in."""
    client.force_login(beto)
    return client


@pytest.fixture
def worker(db: None) -> None:
    """A cluster works, so that nothing is told about it."""
    heartbeat.register("host-1", 1, now=timezone.now())


@pytest.fixture
def named(beto: User) -> list[User]:
    """Two people of Beto's whose lookups failed."""
    people = [make.person(name, referred_by=beto, phone="+573012345678") for name in ("Fabio", "Gloria")]
    for person in people:
        put(person, Status.TIMEOUT)
    return people
