"""The one signal receiver of the product: a new person gets a census record. Registration does not know the census.

The record has a copy of who invited the person; it follows every change.
"""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from vereda.accounts.models import User
from vereda.census import actions


@receiver(post_save, sender=User, dispatch_uid="census-record-of-new-person")
def person_saved(
    sender: type[User],
    instance: User,
    created: bool,  # noqa: FBT001
    raw: bool,  # noqa: FBT001
    update_fields: frozenset[str] | None,
    **kwargs: Any,
) -> None:
    """Create the record and ring the queue; fixtures (`raw`) bring their own records."""
    if raw:
        return
    if created:
        actions.create_record(user=instance)
    elif update_fields is None or not update_fields.isdisjoint({"referred_by", "referred_by_id"}):
        actions.follow_inviter(user=instance)
