"""Registration, passwords and looking at a cédula: writes that touch several rows, or leave an audit entry.

Consents, policies, links, sessions and the second step have modules of their own.
"""

from django.db import transaction

from vereda.accounts import audit, consents, tombstones
from vereda.accounts.consents import Agreement
from vereda.accounts.models import AuditEntry, Channel, User


@transaction.atomic
def register(
    *, cedula: str, full_name: str, phone: str, password: str, agreement: Agreement, referral_code: str = ""
) -> User:
    """Create a person of role USER and their consents, both or neither.

    An unknown referral code registers without a leader. The tombstone of an earlier erasure is removed. Raises
    IntegrityError when the cédula exists.
    """
    leader = User.objects.with_referral_code(referral_code)
    user = User.objects.create_user(cedula, password, full_name=full_name, phone=phone, referred_by=leader)
    tombstones.lift(user.cedula)
    consents.give(user=user, agreement=agreement, channel=Channel.LINK if leader else Channel.WEB)
    return user


@transaction.atomic
def change_password(*, user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record(action=AuditEntry.Action.PASSWORD_CHANGED, actor=user, person=user)


@transaction.atomic
def reveal_cedula(*, person: User, actor: User) -> str:
    """Return a person's full cédula with dots, and write an audit entry: both or neither."""
    audit.record(action=AuditEntry.Action.CEDULA_SEEN, actor=actor, person=person)
    return person.cedula_dotted


def note_entered_answer(*, person: User, actor: User) -> None:
    """Write an audit entry: `actor` entered by hand what the census says of `person`."""
    audit.record(action=AuditEntry.Action.ANSWER_ENTERED, actor=actor, person=person)
