"""Recovery without e-mail: a leader hands a person a link with which they choose a new password, once, soon.

The token is Django's own: an HMAC over the person's password and last login. It stops working when it is used, when
the person logs in or changes the password, and after `PASSWORD_RESET_TIMEOUT`. Ours also stops working when a newer
link is issued, and when the person becomes a leader or staff. No token is stored.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.utils.http import base36_to_int, int_to_base36

from vereda.accounts import audit
from vereda.accounts.entering import open_sessions
from vereda.accounts.models import AuditEntry, User

_BY_LINK = "con un enlace"
_LARGEST_ID = 2**63


class _Tokens(PasswordResetTokenGenerator):
    key_salt = "vereda.accounts.recovery"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        issued = user.reset_link_at.timestamp() if user.reset_link_at else ""
        return f"{super()._make_hash_value(user, timestamp)} {issued} {user.has_power}"


_tokens = _Tokens()


def may_help(helper: User, person: User) -> bool:
    """Whether `helper` may issue a link for `person`, whom they can see. Leaders may not for leaders or staff."""
    is_other = person.is_active and person.pk != helper.pk
    return is_other and (helper.is_superuser or (helper.is_leader and not person.has_power))


@transaction.atomic
def issue(*, person: User, issuer: User, now: datetime) -> str:
    """Return a new token, and write an audit entry. Older tokens of this person stop working."""
    User.objects.filter(pk=person.pk).update(reset_link_at=now)
    person.refresh_from_db()
    audit.record(action=AuditEntry.Action.RESET_LINK_ISSUED, actor=issuer, person=person)
    return f"{int_to_base36(person.pk)}-{_tokens.make_token(person)}"


def person_of(token: str) -> User | None:
    """Return the person of a token; None when it is invalid or has expired."""
    return _person_of(token)


def use(*, token: str, password: str) -> bool:
    """Set the person's password and end all their sessions; False when the token is no longer valid."""
    hashed = make_password(password)  # slow on purpose, and so not while the database is held
    with transaction.atomic():
        person = _person_of(token, is_locked=True)
        if person is None:
            return False
        User.objects.filter(pk=person.pk).update(password=hashed)
        open_sessions.end_all(person)
        audit.record(action=AuditEntry.Action.PASSWORD_CHANGED, actor=None, person=person, detail=_BY_LINK)
    return True


def _person_of(token: str, *, is_locked: bool = False) -> User | None:
    number, _, rest = token.partition("-")
    try:
        pk = base36_to_int(number)
    except ValueError:
        return None
    people = User.objects.select_for_update() if is_locked else User.objects.all()
    person = people.filter(pk=pk, is_active=True).first() if pk < _LARGEST_ID else None
    return person if person and _tokens.check_token(person, rest) else None
