"""How often one person may be looked up in a calendar day, and how many one leader may ask about one by one.

A record counts its own day: the numbers stand in the WHERE of the UPDATE that asks, so that two requests at once cannot
pass a cap. They stay when consent is withdrawn, so that giving it again is no way around them.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, F, IntegerField, Q, Value, When
from django.utils import timezone

from vereda.accounts.models import AuditEntry, User
from vereda.census.statuses import UNAUTHORISED, Cap

YOUNG = timedelta(days=1)
"""An answer younger than this waits behind everybody who has none."""


def midnight(now: datetime, *, days: int = 0) -> datetime:
    """Return when this day began; with `days`, when a later one does."""
    return timezone.make_aware(datetime.combine(timezone.localdate(now) + timedelta(days=days), time()))


def has_room(now: datetime, *, is_own: bool = False) -> Q:
    """Return the condition for the records of people who may be looked up once more today.

    A later day than today's stands on a record whose next lookup was put off until then.
    """
    today = timezone.localdate(now)
    room = Q(day=today)
    if settings.CENSUS_DAILY_PERSON is not None:
        room &= Q(day_lookups__lt=settings.CENSUS_DAILY_PERSON)
    if is_own and settings.CENSUS_DAILY_OWN is not None:
        room &= Q(day_own__lt=settings.CENSUS_DAILY_OWN)
    return Q(day=None) | Q(day__lt=today) | room


def counted(*, requested_by: User, now: datetime) -> dict[str, Any]:
    """Return the fields that count one more lookup today."""
    today = timezone.localdate(now)
    own = Case(When(user=requested_by, then=Value(1)), default=Value(0))
    return {
        "day": today,
        "day_lookups": Case(When(day=today, then=F("day_lookups") + 1), default=Value(1)),
        "day_own": Case(When(day=today, then=F("day_own") + own), default=own),
    }


def put_off(now: datetime) -> dict[str, Any]:
    """Return the fields that count one's own lookup as tomorrow's first, however often it is put off."""
    return {"day": timezone.localdate(now) + timedelta(days=1), "day_lookups": 1, "day_own": 1}


def given_back() -> Case:
    """Return the day's number without a lookup that was taken back before anybody began it."""
    one_less = When(attempts=0, day_lookups__gt=0, then=F("day_lookups") - 1)
    return Case(one_less, default=F("day_lookups"), output_field=IntegerField())


def is_repeat(now: datetime) -> Q:
    """Return the condition for the records of people whose answer is young.

    Nobody knows any more of one that a withdrawal has emptied, so all that were looked up today count as answered.
    """
    is_reopened = Q(status=UNAUTHORISED, day__gte=timezone.localdate(now))
    return Q(fetched_at__gt=now - YOUNG) | is_reopened


def reached(*, day: date | None, lookups: int, own: int, now: datetime) -> Cap | None:
    """Return which cap a record's numbers reach; for saying so, not for deciding. `own` is 0 when others ask."""
    if day is None or day < timezone.localdate(now):
        return None
    if settings.CENSUS_DAILY_PERSON is not None and lookups >= settings.CENSUS_DAILY_PERSON:
        return Cap.PERSON
    if settings.CENSUS_DAILY_OWN is not None and own >= settings.CENSUS_DAILY_OWN:
        return Cap.OWN
    return None


def is_leader_over(leader: User, now: datetime) -> bool:
    """Whether a leader has asked about more people one by one today than they may, the last one included.

    Exact in the transaction that has written the last entry of the audit trail, which others wait for.
    """
    if settings.CENSUS_DAILY_LEADER is None:
        return False
    asked = AuditEntry.objects.filter(
        actor=leader, action=AuditEntry.Action.LOOKUP_ASKED, at__gte=midnight(now), at__lt=midnight(now, days=1)
    )
    return asked.count() > settings.CENSUS_DAILY_LEADER
