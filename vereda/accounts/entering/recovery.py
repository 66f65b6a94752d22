"""Recovery without e-mail: a leader hands a person a link with which they choose a new password, once, soon.

The token is Django's own: a keyed hash over the person's password and last login, so that using it, logging in or
changing the password ends it, as does its age (`PASSWORD_RESET_TIMEOUT`). Ours also ends with a newer link, and when
the person gets power that the one who gave the link may not open. Nothing of a token is stored.
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
    """Whether one may give the other, whom they can see, a link: leaders none to who has power as they have."""
    is_other = person.is_active and person.pk != helper.pk
    return is_other and (helper.is_superuser or (helper.is_leader and not person.has_power))


@transaction.atomic
def issue(*, person: User, issuer: User, now: datetime) -> str:
    """Return a token for a person, with a record of who got it. Those of before end."""
    User.objects.filter(pk=person.pk).update(reset_link_at=now)
    person.refresh_from_db()
    audit.record(action=AuditEntry.Action.RESET_LINK_ISSUED, actor=issuer, person=person)
    return f"{int_to_base36(person.pk)}-{_tokens.make_token(person)}"


def person_of(token: str) -> User | None:
    """Return whose password a token may set; None for one that is over or none of ours."""
    return _person_of(token)


def use(*, token: str, password: str) -> bool:
    """Set the person's password, end all their sessions and the token; False when it has ended meanwhile."""
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
