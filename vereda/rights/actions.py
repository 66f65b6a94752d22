"""A person's own decisions about their data: consent, withdrawal and download, each with an audit entry."""

from django.db import transaction

from vereda.accounts import audit, consents
from vereda.accounts.consents import Agreement
from vereda.accounts.models import AuditEntry, Channel, Purpose, User


@transaction.atomic
def agree(*, person: User, agreement: Agreement) -> None:
    if consents.give(user=person, agreement=agreement, channel=Channel.OWN):
        detail = ", ".join(purpose.value for purpose in agreement.purposes)
        audit.record(action=AuditEntry.Action.CONSENT_GIVEN, actor=person, person=person, detail=detail)


@transaction.atomic
def withdraw(*, person: User, purpose: Purpose, address: str | None) -> None:
    """Withdraw the consent to a purpose; does nothing when there is none."""
    if consents.withdraw(user=person, purpose=purpose, address=address):
        audit.record(
            action=AuditEntry.Action.CONSENT_WITHDRAWN, actor=person, person=person, detail=Purpose(purpose).value
        )


@transaction.atomic
def settle(*, person: User, agreement: Agreement) -> None:
    """Give the purposes of the agreement, and withdraw all others."""
    agree(person=person, agreement=agreement)
    for purpose in set(Purpose) - set(agreement.purposes):
        withdraw(person=person, purpose=purpose, address=agreement.address)


def note_export(*, person: User) -> None:
    """Write an audit entry: the person downloaded their own data."""
    audit.record(action=AuditEntry.Action.EXPORTED, actor=person, person=person, detail="Sus propios datos")
