"""Looking many people up again at one request: those that a leader marked, or all whom a search and a tab show.

Only who has no answer of the census yet can be helped by that, and whoever waits at a screen comes first.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, OuterRef, Subquery

from vereda.accounts import audit
from vereda.accounts.models import AuditEntry, User
from vereda.census.models import BulkRefresh, CedulaInfo, CedulaInfoQuerySet, Reason
from vereda.census.queue import send_on_commit
from vereda.census.statuses import ANSWERS, FAILURES, UNAUTHORISED, Status
from vereda.census.transitions import newly_asked

MESSAGES = 10
"""How many messages are sent: a worker that is awake goes on with whoever's turn it is."""


class AlreadyRunningError(Exception):
    """The leader's last request is not through yet."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of the marked people were queued, and why the others were not."""

    queued: int
    answered: int
    waiting: int
    too_soon: int
    unauthorised: int = 0


@dataclass(frozen=True, slots=True)
class Running:
    """A request for many that is not through, and how many people still wait."""

    bulk: BulkRefresh
    left: int


@transaction.atomic
def refresh_marked(*, records: CedulaInfoQuerySet, requested_by: User, now: datetime) -> Tally:
    """Ask again for those records that a lookup can help."""
    statuses = list(records.values_list("status", flat=True))
    failed = sum(status in FAILURES for status in statuses)
    answered = sum(status in ANSWERS for status in statuses)
    helped = list(records.refreshable(now).values_list("pk", flat=True))
    queued = _ask(CedulaInfo.objects.filter(pk__in=helped), requested_by=requested_by, now=now)
    asked = CedulaInfo.objects.filter(pk__in=helped, requested_by=requested_by, requested_at=now)
    audit.record_many(
        action=AuditEntry.Action.BULK_ASKED, actor=requested_by, person_ids=asked.values_list("user_id", flat=True)
    )
    unauthorised = statuses.count(UNAUTHORISED)
    waiting = len(statuses) - failed - answered - unauthorised
    return Tally(queued, answered, waiting, failed - queued, unauthorised)


@transaction.atomic
def refresh_all(*, records: CedulaInfoQuerySet, requested_by: User, now: datetime) -> BulkRefresh | None:
    """Ask again for all those records that a lookup can help; None when there are none.

    Raises `AlreadyRunningError` while the last such request of the same leader is not through.
    """
    User.objects.select_for_update().get(pk=requested_by.pk)  # two requests of one leader come one after the other
    if running_for(requested_by) is not None:
        raise AlreadyRunningError
    bulk = BulkRefresh.objects.create(requested_by=requested_by, requested_at=now, total=0)
    bulk.total = _ask(records, requested_by=requested_by, now=now, bulk=bulk)
    if not bulk.total:
        bulk.delete()
        return None
    bulk.save(update_fields=["total"])
    detail = f"A {bulk.total}, por el botón de todos"
    audit.record(action=AuditEntry.Action.BULK_ASKED, actor=requested_by, detail=detail)
    return bulk


@transaction.atomic
def cancel(*, bulk: BulkRefresh, now: datetime) -> int | None:
    """Put those who wait back to what they were; return how many, None if that was done before.

    What is in flight goes on.
    """
    if not BulkRefresh.objects.filter(pk=bulk.pk, cancelled_at=None).update(cancelled_at=now):
        return None
    return CedulaInfo.objects.filter(bulk=bulk, status=Status.PENDING).update(
        status=F("status_before"), error_message=F("message_before"), bulk=None
    )


def running_for(leader: User) -> Running | None:
    """Return the leader's request that still has people waiting, by one query; None without one.

    There is one at a time, so it can only be the last.
    """
    waiting = CedulaInfo.objects.waiting().filter(bulk=OuterRef("pk")).order_by()
    left = waiting.values("bulk").annotate(number=Count("*")).values("number")
    requests = BulkRefresh.objects.filter(requested_by=leader, cancelled_at=None)
    last = requests.annotate(left=Subquery(left)).order_by("-requested_at").first()
    return Running(last, last.left) if last and last.left else None


def _ask(records: CedulaInfoQuerySet, *, requested_by: User, now: datetime, bulk: BulkRefresh | None = None) -> int:
    """Make all refreshable ones wait by one UPDATE that remembers what they were; send messages for the first."""
    before = {"status_before": F("status"), "message_before": F("error_message")} if bulk else {}
    count = records.refreshable(now).update(
        **newly_asked(requested_by=requested_by, reason=Reason.BULK, now=now), bulk=bulk, **before
    )
    if count:
        asked = CedulaInfo.objects.filter(requested_by=requested_by, requested_at=now, status=Status.PENDING)
        for user_id in asked.in_turn().values_list("user_id", flat=True)[:MESSAGES]:
            send_on_commit(user_id)
    return count
