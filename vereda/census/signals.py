"""The one signal receiver of the product: a new person gets a census record. Registration does not know the census."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from vereda.accounts.models import User
from vereda.census import actions


@receiver(post_save, sender=User, dispatch_uid="census-record-of-new-person")
def person_saved(sender: type[User], instance: User, created: bool, raw: bool, **kwargs: Any) -> None:  # noqa: FBT001
    """Create the record and ring the queue; fixtures (`raw`) bring their own records."""
    if created and not raw:
        actions.create_record(user=instance)
