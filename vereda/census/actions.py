"""The people's side of a census record: it is made, opened and closed by consent, and asked about.

The worker's side is in `worker/`: `claims.py`, `outcomes.py` and `rescue.py`. Three other modules write records:
`bulk.py` asks for many at once, `evidence.py` reads kept replies again, `assisted.py` stores what people looked up.

The row is the truth and the queue only carries messages about it: one that comes twice finds the row done or claimed,
and one that is lost is not missed: workers look by themselves.

Next on the reading path: `vereda/census/sources/port.py`.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, F, Subquery, Value
from django.db.models.functions import Greatest

from vereda.accounts import audit
from vereda.accounts.models import AuditEntry, User
from vereda.census import caps
from vereda.census.models import CedulaInfo, LookupAttempt, Priority, Reason
from vereda.census.queue import send_on_commit
from vereda.census.statuses import FINAL, UNAUTHORISED, Cap, Status
from vereda.census.transitions import newly_asked, newly_closed


class NotAuthorisedError(Exception):
    """The person has not consented to lookups."""


class TooSoonError(Exception):
    """Asked again before the cooldown was over, or more often than a day allows: then `cap` says which cap it is."""

    def __init__(self, until: datetime, now: datetime, cap: Cap | None = None) -> None:
        self.seconds, self.cap = max(1, round((until - now).total_seconds())), cap
        super().__init__(f"wait {self.seconds} s")


def create_record(*, user: User) -> CedulaInfo:
    """Return a person's record; a new one waits for its first lookup if the person has consented to that."""
    defaults = {"status": UNAUTHORISED, "referred_by_id": user.referred_by_id}
    record, is_new = CedulaInfo.objects.get_or_create(user=user, defaults=defaults)
    if is_new and open_record(user=user, reason=Reason.REGISTRATION, now=record.next_at):
        record.refresh_from_db()
    return record


def open_record(*, user: User, reason: Reason, now: datetime) -> bool:
    """Ask for the first lookup of somebody who has consented to lookups; False when one was asked for before.

    Who has given and withdrawn their consent as often as a day has lookups waits for tomorrow's first one.
    """
    asked = newly_asked(requested_by=user, reason=reason, now=now)
    closed = CedulaInfo.objects.filter(user=user, status=UNAUTHORISED).allowed()
    is_due = closed.filter(caps.has_room(now, is_own=True)).update(**asked | {"next_at": _not_before(now)})
    if is_due:
        send_on_commit(user.pk)
        return True
    later = {**caps.put_off(now), "next_at": _not_before(caps.midnight(now, days=1))}
    return bool(closed.update(**asked | later))


@transaction.atomic
def close_record(*, user: User, now: datetime) -> None:
    """Forget what the census said of somebody whose consent to lookups does not hold, and ask no more.

    A worker that is at it loses its claim, so it can neither send their cédula any more nor write.
    """
    cooldown = timedelta(seconds=settings.CENSUS_COOLDOWN_SECONDS)
    CedulaInfo.objects.filter(user=user).update(**newly_closed(next_at=now + cooldown))
    LookupAttempt.objects.filter(record__user=user).delete()


def follow_inviter(*, user: User) -> None:
    """Keep the record's copy of who invited the person true: by what is stored, whoever saves at the same time."""
    inviter = User.objects.filter(pk=user.pk).values("referred_by")
    CedulaInfo.objects.filter(user=user).update(referred_by=Subquery(inviter))


@transaction.atomic
def request_lookup(*, record: CedulaInfo, requested_by: User, reason: Reason, now: datetime) -> bool:
    """Ask for a new lookup of a final record; the last answer is kept meanwhile. Asking about others is audited.

    Returns False when one is under way already; one that waits in bulk goes ahead for who waits at a screen.
    Raises `NotAuthorisedError` without the person's consent, `TooSoonError` within the cooldown of the last request
    or when the day's lookups are spent.
    """
    is_own = requested_by.pk == record.user_id
    final = CedulaInfo.objects.filter(caps.has_room(now, is_own=is_own), pk=record.pk, status__in=FINAL).rested(now)
    is_asked = final.allowed().update(**newly_asked(requested_by=requested_by, reason=reason, now=now), bulk=None)
    record.refresh_from_db()
    if is_asked:
        _note_asked(record, requested_by=requested_by, now=now)
        return True
    if not CedulaInfo.objects.filter(pk=record.pk).allowed().exists():
        raise NotAuthorisedError
    if record.is_final:
        raise _refusal(record, is_own=is_own, now=now)
    in_bulk = CedulaInfo.objects.filter(pk=record.pk, status=Status.PENDING, priority=Priority.IN_BULK)
    ahead = {"priority": reason.priority, "reason": reason, "requested_by": requested_by, "bulk": None}
    if in_bulk.filter(priority__gt=reason.priority).update(**ahead):
        record.refresh_from_db()
        _note_asked(record, requested_by=requested_by, now=now)
    return False


def _note_asked(record: CedulaInfo, *, requested_by: User, now: datetime) -> None:
    """Send the message, and write down who asked about somebody else: by that the day's cap of a leader is counted.

    Raises `TooSoonError`, which undoes the request.
    """
    send_on_commit(record.user_id)
    if requested_by.pk == record.user_id:
        return
    audit.record(action=AuditEntry.Action.LOOKUP_ASKED, actor=requested_by, person=record.user)
    if caps.is_leader_over(requested_by, now):
        raise TooSoonError(caps.midnight(now, days=1), now, Cap.LEADER)


def _refusal(record: CedulaInfo, *, is_own: bool, now: datetime) -> TooSoonError:
    """Return why a final record cannot be asked about now, and until when."""
    own = record.day_own if is_own else 0
    cap = caps.reached(day=record.day, lookups=record.day_lookups, own=own, now=now)
    if cap is not None:
        return TooSoonError(caps.midnight(now, days=1), now, cap)
    return TooSoonError(record.requested_at + timedelta(seconds=settings.CENSUS_COOLDOWN_SECONDS), now)


def _not_before(at: datetime) -> Greatest:
    """Return the time of a record's next attempt, but no earlier one than this."""
    return Greatest(F("next_at"), Value(at, output_field=DateTimeField()))
