"""What the tests of people's rights share."""

import pytest
from django.test import Client

from vereda.accounts.models import User


@pytest.fixture
def as_ana(client: Client, ana: User) -> Client:
    """Ana, logged in."""
    client.force_login(ana)
    return client
