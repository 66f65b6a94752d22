"""What logins and registrations leave behind: failures, counts and sessions that are over."""

from datetime import datetime

from vereda.accounts import lockout, throttle
from vereda.accounts.models import PersonSession


def purge(*, now: datetime) -> int:
    """Delete what counts no more and the sessions that ran out; return how many rows."""
    sessions, _ = PersonSession.objects.filter(expire_date__lte=now).delete()
    return lockout.purge(now) + throttle.purge(now) + sessions
