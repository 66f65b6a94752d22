"""The signal receivers of the product: a new person gets a census record, and their consent opens and closes it.

Registration does not know the census. The record has a copy of who invited the person; it follows every change.
"""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from vereda.accounts.models import Channel, Consent, Purpose, User
from vereda.census import actions
from vereda.census.models import Reason


@receiver(post_save, sender=User, dispatch_uid="census-record-of-new-person")
def person_saved(
    sender: type[User],
    instance: User,
    created: bool,  # noqa: FBT001
    raw: bool,  # noqa: FBT001
    update_fields: frozenset[str] | None,
    **kwargs: Any,
) -> None:
    """Create the record; fixtures (`raw`) have their own."""
    if raw:
        return
    if created:
        actions.create_record(user=instance)
    elif update_fields is None or not update_fields.isdisjoint({"referred_by", "referred_by_id"}):
        actions.follow_inviter(user=instance)


@receiver(post_save, sender=Consent, dispatch_uid="census-consent")
def consent_given_or_withdrawn(sender: type[Consent], instance: Consent, raw: bool, **kwargs: Any) -> None:  # noqa: FBT001
    """Open or close the record by the last act about lookups."""
    if raw or instance.purpose != Purpose.CENSUS_LOOKUP:
        return
    if instance.is_given:
        reason = Reason.OWN if instance.channel == Channel.OWN else Reason.REGISTRATION
        actions.open_record(user=instance.user, reason=reason, now=timezone.now())
    else:
        actions.close_record(user=instance.user, now=timezone.now())
