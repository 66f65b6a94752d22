"""Rows that logins and registrations leave behind: failed logins, rate limits and expired sessions."""

from datetime import datetime

from vereda.accounts import lockout, throttle
from vereda.accounts.models import PersonSession


def purge(*, now: datetime) -> int:
    """Delete the expired ones; return how many rows."""
    sessions, _ = PersonSession.objects.filter(expire_date__lte=now).delete()
    return lockout.purge(now) + throttle.purge(now) + sessions
