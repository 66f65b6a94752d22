"""A person's open sessions: with which browser, since when, and ending them.

Each session keeps its browser, when it began and when it was last used in its own row (`sessions.py`). So the list is
right whatever ended a session: a logout, its expiry, a new password. No network address is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from vereda.accounts.entering.devices import UNKNOWN, device_of
from vereda.accounts.models import PersonSession, User

_DEVICE, _BEGAN, _ACTIVE = "device", "began_at", "active_at"
_NOTED_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One browser that the person is logged in with. `handle` names it to its owner and opens nothing."""

    handle: str
    device: str
    began_at: datetime | None
    active_at: datetime | None
    is_this: bool


def sessions_of(person: User, this: SessionBase, now: datetime) -> list[OpenSession]:
    """Return the open sessions of a person: the current one first, then the latest."""
    found = [_opened(row, kept, this) for row, kept in open_rows(person, now)]
    return sorted(found, key=lambda one: (one.is_this, one.began_at or datetime.min.replace(tzinfo=UTC)), reverse=True)


def device_in(row: PersonSession) -> str:
    device: str = row.get_decoded().get(_DEVICE, UNKNOWN)
    return device


def end_one(person: User, handle: str, this: SessionBase, now: datetime) -> bool:
    """End one of a person's other sessions; False when it had ended already."""
    others = [row for row, _ in open_rows(person, now) if row.session_key != this.session_key]
    keys = [row.session_key for row in others if constant_time_compare(_handle(row), handle)]
    return PersonSession.objects.filter(session_key__in=keys).delete()[0] > 0


def end_others(person: User, this: SessionBase) -> None:
    PersonSession.objects.filter(person_id=person.pk).exclude(session_key=this.session_key).delete()


def end_all(person: User) -> None:
    PersonSession.objects.filter(person_id=person.pk).delete()


def noting_sessions(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: keep in a session its browser, its start and, at most every ten minutes, its last use.

    Only for POST requests, so that a GET writes nothing.
    """

    def noting(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method == "POST" and request.user.is_authenticated:
            _note(request, timezone.now())
        return response

    return noting


def _note(request: HttpRequest, now: datetime) -> None:
    session = request.session
    if _BEGAN not in session:
        if session.modified:  # as a login does
            session[_DEVICE] = device_of(request.headers.get("User-Agent", ""))
            session[_BEGAN] = session[_ACTIVE] = now.timestamp()
    elif now.timestamp() - session[_ACTIVE] > _NOTED_EVERY.total_seconds():
        session[_ACTIVE] = now.timestamp()


def open_rows(person: User, now: datetime) -> list[tuple[PersonSession, dict[str, Any]]]:
    """Return the valid sessions: not expired, and begun with the present password and second step."""
    rows = PersonSession.objects.filter(person_id=person.pk, expire_date__gt=now)
    kept = [(row, row.get_decoded()) for row in rows]
    valid = person.get_session_auth_hash()
    return [(row, data) for row, data in kept if constant_time_compare(data.get(HASH_SESSION_KEY, ""), valid)]


def _opened(row: PersonSession, kept: dict[str, Any], this: SessionBase) -> OpenSession:
    return OpenSession(
        handle=_handle(row),
        device=kept.get(_DEVICE, UNKNOWN),
        began_at=_moment(kept.get(_BEGAN)),
        active_at=_moment(kept.get(_ACTIVE)),
        is_this=row.session_key == this.session_key,
    )


def _handle(row: PersonSession) -> str:
    return salted_hmac("vereda.accounts.open_sessions", row.session_key, algorithm="sha256").hexdigest()[:32]


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)
