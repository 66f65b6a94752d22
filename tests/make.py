"""Makes what tests need, with everything that a test does not care about already filled in."""

from itertools import count
from typing import Any

from vereda.accounts.models import User

PASSWORD = "un-sendero-largo"
_numbers = count(900_100_001, 100)  # all with an ending for which nothing special happens


def person(full_name: str = "Alguien Cualquiera", **fields: Any) -> User:
    """Return a saved person with a cédula that nobody has."""
    cedula = fields.pop("cedula", None) or str(next(_numbers))
    return User.objects.create_user(cedula, PASSWORD, full_name=full_name, **fields)


def leader(full_name: str, **fields: Any) -> User:
    """Return a saved leader."""
    return person(full_name, role=User.Role.LEADER, **fields)
