"""Rate limits. They count in the database, so that all processes count together."""

import math
from datetime import datetime, timedelta

from django.db.models import F
from django.utils.crypto import salted_hmac

from vereda.accounts.models import Throttle, User

LONGEST_SPAN = timedelta(hours=1)
MOST_PASSWORDS, PASSWORDS_SPAN = 10, timedelta(minutes=15)


def take(*, purpose: str, client: str, most: int, span: timedelta, now: datetime) -> int:
    """Count one more and return 0; or return the seconds to wait, when it is more than `most` within the span."""
    key = salted_hmac("vereda.accounts.throttle", f"{purpose} {client}", algorithm="sha256").hexdigest()
    while True:
        if _is_taken(key, most=most, since=now - span, now=now):
            return 0
        if held := Throttle.objects.filter(key=key, since__gt=now - span, count__gte=most).first():
            return math.ceil((held.since + span - now).total_seconds())


def seconds_until_password(user: User, now: datetime) -> int:
    """Count a password typed by a logged-in user; return 0, or the seconds to wait.

    So an open session in wrong hands is not enough to guess the password.
    """
    return take(purpose="password", client=str(user.pk), most=MOST_PASSWORDS, span=PASSWORDS_SPAN, now=now)


def _is_taken(key: str, *, most: int, since: datetime, now: datetime) -> bool:
    """Count one more by one conditional UPDATE, or begin to count, whichever fits."""
    row = Throttle.objects.filter(key=key)
    return bool(
        row.filter(since__gt=since, count__lt=most).update(count=F("count") + 1)
        or row.filter(since__lte=since).update(count=1, since=now)
        or Throttle.objects.get_or_create(key=key, defaults={"since": now})[1]
    )


def purge(now: datetime) -> int:
    """Delete the counts that have expired; return how many."""
    return Throttle.objects.filter(since__lte=now - LONGEST_SPAN).delete()[0]
