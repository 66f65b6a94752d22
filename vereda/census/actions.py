"""The people's side of a census record: it is made, opened and closed by consent, and asked about.

The worker's side is in `worker/`: `claims.py`, `outcomes.py` and `rescue.py`. Three other modules write records:
`bulk.py` asks for many at once, `evidence.py` reads kept replies again, `assisted.py` stores what people looked up.

The row is the truth and the queue only carries messages about it: one that comes twice finds the row done or claimed,
and one that is lost is sent again by the rescue.

Next on the reading path: `vereda/census/sources/port.py`.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, F, Subquery, Value
from django.db.models.functions import Greatest

from vereda.accounts import audit
from vereda.accounts.models import AuditEntry, User
from vereda.census.models import CedulaInfo, LookupAttempt, Reason
from vereda.census.queue import send_on_commit
from vereda.census.statuses import FINAL, UNAUTHORISED, Status
from vereda.census.transitions import newly_asked, newly_closed


class NotAuthorisedError(Exception):
    """The person has not consented to lookups."""


class TooSoonError(Exception):
    """Asked again before the cooldown was over."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


def create_record(*, user: User) -> CedulaInfo:
    """Return a person's record; a new one waits for its first lookup if the person has consented to that."""
    defaults = {"status": UNAUTHORISED, "referred_by_id": user.referred_by_id}
    record, is_new = CedulaInfo.objects.get_or_create(user=user, defaults=defaults)
    if is_new and open_record(user=user, reason=Reason.REGISTRATION, now=record.next_at):
        record.refresh_from_db()
    return record


def open_record(*, user: User, reason: Reason, now: datetime) -> bool:
    """Ask for the first lookup of somebody who has consented to lookups; False when one was asked for before."""
    is_opened = (
        CedulaInfo.objects.filter(user=user, status=UNAUTHORISED)
        .allowed()
        .update(
            **newly_asked(requested_by=user, reason=reason, now=now)
            | {"next_at": Greatest(F("next_at"), Value(now, output_field=DateTimeField()))}
        )
    )
    if is_opened:
        send_on_commit(user.pk)
    return bool(is_opened)


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
    Raises `NotAuthorisedError` without the person's consent, `TooSoonError` within the cooldown of the last request.
    """
    cooldown = timedelta(seconds=settings.CENSUS_COOLDOWN_SECONDS)
    final = CedulaInfo.objects.filter(pk=record.pk, status__in=FINAL, requested_at__lte=now - cooldown)
    is_asked = final.allowed().update(**newly_asked(requested_by=requested_by, reason=reason, now=now), bulk=None)
    record.refresh_from_db()
    if is_asked:
        send_on_commit(record.user_id)
        if requested_by.pk != record.user_id:
            audit.record(action=AuditEntry.Action.LOOKUP_ASKED, actor=requested_by, person=record.user)
        return True
    if not CedulaInfo.objects.filter(pk=record.pk).allowed().exists():
        raise NotAuthorisedError
    if record.is_final:
        left = record.requested_at + cooldown - now
        raise TooSoonError(max(1, round(left.total_seconds())))
    behind = CedulaInfo.objects.filter(pk=record.pk, status=Status.PENDING, priority__gt=reason.priority)
    if behind.update(priority=reason.priority, reason=reason, requested_by=requested_by, bulk=None):
        record.refresh_from_db()
        send_on_commit(record.user_id)
    return False
