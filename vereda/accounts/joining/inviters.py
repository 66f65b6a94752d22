"""Chains of inviters. They must have no cycle: nobody is invited by a person whom they invited, directly or not."""

from collections.abc import Iterator

from django.db import transaction

from vereda.accounts.models import User


def makes_cycle(*, person: User, inviter: User) -> bool:
    """Whether the person is the inviter, or in the chain of those who invited the inviter."""
    return person.pk in _chain_of(inviter)


@transaction.atomic
def lock(*, person: User, inviter: User) -> bool:
    """Lock the person and the inviter's chain until the caller's transaction ends; False when that makes a cycle.

    Two changes that make a cycle together lock a person in common, so that the second one sees the first.
    """
    concerned = {person.pk, *_chain_of(inviter)}
    list(User.objects.select_for_update().filter(pk__in=concerned).order_by("pk").values_list("pk"))
    return not makes_cycle(person=person, inviter=inviter)


def _chain_of(person: User) -> Iterator[int]:
    """Yield the ids of the person, their inviter, that one's inviter and so on. A cycle ends it."""
    seen: set[int] = set()
    pk: int | None = person.pk
    while pk is not None and pk not in seen:
        seen.add(pk)
        yield pk
        pk = User.objects.filter(pk=pk).values_list("referred_by_id", flat=True).first()
