"""Makes what tests need, with everything that a test does not care about already filled in."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from django.db import transaction
from django.utils import timezone

from vereda.accounts import consents, policies
from vereda.accounts.consents import Agreement
from vereda.accounts.models import Channel, Consent, Policy, Purpose, User

PASSWORD = "un-sendero-largo"
_numbers = count(910_000_001, 100)  # apart from those that tests name; no ending for which something special happens


def person(full_name: str = "Alguien Cualquiera", **fields: Any) -> User:
    """Return a saved person with a cédula that nobody has, who has agreed to everything."""
    user = person_without_consent(full_name, **fields)
    agree(user)
    return User.objects.get(pk=user.pk)  # with the record that consent has opened


def leader(full_name: str, **fields: Any) -> User:
    """Return a saved leader."""
    return person(full_name, role=User.Role.LEADER, **fields)


def person_without_consent(full_name: str = "Alguien Cualquiera", **fields: Any) -> User:
    """Return a saved person who has agreed to nothing, as an administration types them in."""
    cedula = fields.pop("cedula", None) or str(next(_numbers))
    return User.objects.create_user(cedula, PASSWORD, full_name=full_name, **fields)


def agree(user: User, *purposes: Purpose) -> None:
    """Have somebody agree to these purposes, or to all."""
    agreement = Agreement(Policy.objects.current(), purposes or tuple(Purpose))
    consents.give(user=user, agreement=agreement, channel=Channel.WEB)


def consent(user: User, purpose: Purpose, policy: Policy) -> Consent:
    """Return the act by which somebody agrees to a purpose, not yet saved: for many at once."""
    return Consent(
        user=user, purpose=purpose, is_given=True, policy=policy, policy_hash=policy.text_hash, channel=Channel.WEB
    )


def policy(text: str) -> Policy:
    """Return a newer version of the policy, in force."""
    return policies.publish(draft=Policy.objects.create(text=text), now=timezone.now())


@contextmanager
def undone() -> Iterator[None]:
    """Undo afterwards what is done to the database inside, so that one test can go through many cases."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
