"""Who invited whom, upwards: nobody may have been invited by somebody whom they brought themselves."""

from collections.abc import Iterator

from django.db import transaction

from vereda.accounts.models import User


def makes_cycle(*, person: User, inviter: User) -> bool:
    """Whether the inviter was brought by the person, directly or through others, or is the person."""
    return person.pk in _chain_of(inviter)


@transaction.atomic
def lock(*, person: User, inviter: User) -> bool:
    """Hold all whom a new inviter concerns until the caller's transaction ends; return whether it makes no circle.

    Two changes that make one together concern somebody in common, so that one of them waits for the other and sees it.
    """
    concerned = {person.pk, *_chain_of(inviter)}
    list(User.objects.select_for_update().filter(pk__in=concerned).order_by("pk").values_list("pk"))
    return not makes_cycle(person=person, inviter=inviter)


def _chain_of(person: User) -> Iterator[int]:
    """Return the person, who invited them, who invited those, and so on; it ends in a circle, too."""
    seen: set[int] = set()
    pk: int | None = person.pk
    while pk is not None and pk not in seen:
        seen.add(pk)
        yield pk
        pk = User.objects.filter(pk=pk).values_list("referred_by_id", flat=True).first()
