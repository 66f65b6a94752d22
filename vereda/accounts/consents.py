"""Every write to what people consent to, and what of it holds."""

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
        """Whether the person ever accepted the policy: an administration may have typed them in."""
        return self.allows(Purpose.ACCOUNT)

    def has_accepted(self, policy: Policy) -> bool:
        """Whether this is the version that the person accepted last."""
        return self.is_member and self.by_purpose[Purpose.ACCOUNT].policy_id == policy.pk


def current_consents(user: User) -> CurrentConsents:
    """Return what holds of a person's consent, by one query."""
    given: dict[Purpose, Consent] = {}
    for act in Consent.objects.filter(user=user).select_related("policy").order_by("pk").defer("policy__text"):
        if act.is_given:
            given[Purpose(act.purpose)] = act
        else:
            given.pop(Purpose(act.purpose), None)
    return CurrentConsents(given)


standing_of = current_consents
"""The former name, for `vereda/census/views.py` until it uses the new one."""


@transaction.atomic
def give(*, user: User, agreement: Agreement, channel: Channel, at: datetime | None = None) -> list[Consent]:
    """Write down what a person agrees to; return the acts about purposes that did not hold under this version yet."""
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
    """Write down that a person agrees to a purpose no longer; None when they did not before.

    Who wants to withdraw their consent to having an account is to be erased.
    """
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
    """Let acts about one person follow each other, so that the last is the last; others may refer to them meanwhile."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
