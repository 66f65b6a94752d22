"""What logins and registrations leave behind: failures, counts and sessions that are over. Purged every day."""

from datetime import datetime

from django.contrib.sessions.models import Session

from vereda.accounts import lockout, throttle


def purge(*, now: datetime) -> int:
    """Delete what counts no more and the sessions that ran out; return how many rows."""
    sessions, _ = Session.objects.filter(expire_date__lte=now).delete()
    return lockout.purge(now) + throttle.purge(now) + sessions
