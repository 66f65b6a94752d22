"""Giving and withdrawing consents, and which of them hold now."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from vereda.accounts.agreements import BY_ACCEPTANCE, Channel, Consent, Policy, Purpose
from vereda.accounts.models import User


@dataclass(frozen=True, slots=True)
class Agreement:
    """What somebody agrees to: which purposes, under which version of the policy, from which network address."""

    policy: Policy
    purposes: tuple[Purpose, ...] = BY_ACCEPTANCE
    address: str | None = None


@dataclass(frozen=True, slots=True)
class CurrentConsents:
    """The consents of a person that hold now: for each purpose the act that gave it."""

    by_purpose: dict[Purpose, Consent]

    def allows(self, purpose: Purpose) -> bool:
        return purpose in self.by_purpose

    @property
    def is_member(self) -> bool:
        """Whether the person accepted the policy. False for people whom the administration typed in."""
        return self.allows(Purpose.ACCOUNT)

    def has_accepted(self, policy: Policy) -> bool:
        """Whether this is the version that the person accepted last."""
        return self.is_member and self.by_purpose[Purpose.ACCOUNT].policy_id == policy.pk


def current_consents(user: User) -> CurrentConsents:
    """Return the consents of a person that hold now, by one query."""
    given: dict[Purpose, Consent] = {}
    for act in Consent.objects.filter(user=user).select_related("policy").order_by("pk").defer("policy__text"):
        if act.is_given:
            given[Purpose(act.purpose)] = act
        else:
            given.pop(Purpose(act.purpose), None)
    return CurrentConsents(given)


@transaction.atomic
def give(*, user: User, agreement: Agreement, channel: Channel, at: datetime | None = None) -> list[Consent]:
    """Give consent; return the new acts. A purpose that holds under this version already gets none."""
    _lock(user)
    held = current_consents(user).by_purpose
    news = [
        purpose
        for purpose in agreement.purposes
        if purpose not in held or held[purpose].policy_id != agreement.policy.pk
    ]
    return [
        Consent.objects.create(
            user=user,
            purpose=purpose,
            is_given=True,
            policy=agreement.policy,
            policy_hash=agreement.policy.text_hash,
            channel=channel,
            at=at or timezone.now(),
            address=agreement.address,
        )
        for purpose in news
    ]


@transaction.atomic
def withdraw(*, user: User, purpose: Purpose, address: str | None = None) -> Consent | None:
    """Withdraw consent; None when there was none. Withdrawing the consent to an account is an erasure, not this."""
    _lock(user)
    held = current_consents(user).by_purpose.get(purpose)
    if held is None:
        return None
    return Consent.objects.create(
        user=user,
        purpose=purpose,
        is_given=False,
        policy=held.policy,
        policy_hash=held.policy_hash,
        channel=Channel.OWN,
        address=address,
    )


def _lock(user: User) -> None:
    """Lock the person, so that acts have an order. `no_key`: foreign keys to the person may still be written."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
