"""A request to look many people up again, and how far it is: those that a leader marked, or all of a search and a tab.

It is only for people without an answer of the census, and people at a screen come before them.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, OuterRef, Subquery

from vereda.accounts import audit
from vereda.accounts.models import AuditEntry, User
from vereda.census import caps, turns
from vereda.census.models import BulkRefresh, CedulaInfo, CedulaInfoQuerySet, Reason
from vereda.census.queue import send_on_commit
from vereda.census.statuses import ANSWERS, FAILURES, UNAUTHORISED, Status
from vereda.census.transitions import newly_asked
from vereda.census.turns import Turn

MESSAGES = 10
"""How many messages are sent: a worker that gets one goes on until nobody is due."""


class AlreadyRunningError(Exception):
    """The leader's last request is not done yet."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of the marked people were queued, and why the others were not."""

    queued: int
    answered: int
    waiting: int
    too_soon: int
    unauthorised: int = 0
    spent: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a request is; `turn` is that of the last person of it who is due."""

    bulk_id: int
    total: int
    left: int
    turn: Turn | None

    @property
    def done(self) -> int:
        """How many are done, with an answer or without."""
        return self.total - self.left

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total

    @property
    def key(self) -> str:
        """Differs for two states that look different on the page."""
        return f"{self.bulk_id}.{self.left}.{self.turn.key if self.turn else ''}"


@transaction.atomic
def refresh_marked(*, records: CedulaInfoQuerySet, requested_by: User, now: datetime) -> Tally:
    """Ask again for those of these records that have no answer."""
    statuses = list(records.values_list("status", flat=True))
    failed = sum(status in FAILURES for status in statuses)
    answered = sum(status in ANSWERS for status in statuses)
    helped = list(records.refreshable(now).values_list("pk", flat=True))
    spent = records.filter(status__in=FAILURES).exclude(caps.has_room(now)).count() if len(helped) < failed else 0
    queued = _ask(CedulaInfo.objects.filter(pk__in=helped), requested_by=requested_by, now=now)
    asked = CedulaInfo.objects.filter(pk__in=helped, requested_by=requested_by, requested_at=now)
    audit.record_many(
        action=AuditEntry.Action.BULK_ASKED, actor=requested_by, person_ids=asked.values_list("user_id", flat=True)
    )
    unauthorised = statuses.count(UNAUTHORISED)
    waiting = len(statuses) - failed - answered - unauthorised
    return Tally(queued, answered, waiting, failed - queued - spent, unauthorised, spent)


@transaction.atomic
def refresh_all(*, records: CedulaInfoQuerySet, requested_by: User, now: datetime) -> BulkRefresh | None:
    """Ask again for all of these records that have no answer; None when there are none.

    Raises `AlreadyRunningError` while the leader's last request is not done.
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

    Lookups in flight go on.
    """
    if not BulkRefresh.objects.filter(pk=bulk.pk, cancelled_at=None).update(cancelled_at=now):
        return None
    return CedulaInfo.objects.filter(bulk=bulk, status=Status.PENDING).update(
        status=F("status_before"), error_message=F("message_before"), bulk=None, day_lookups=caps.given_back()
    )


def progress_of(leader: User, now: datetime) -> Progress | None:
    """Return how far the leader's request is, by three queries at most; None when none is under way."""
    running = running_for(leader)
    if running is None:
        return None
    bulk, left = running
    last = CedulaInfo.objects.due(now).filter(bulk=bulk).in_turn().defer("raw_response").last()
    return Progress(bulk.pk, bulk.total, left, turns.turn_of(last, now) if last else None)


def has_come_through(leader: User, key: str) -> bool:
    """Whether the leader's request with this progress key was not cancelled: then all of it is done."""
    bulk_id = key.partition(".")[0]
    if not (bulk_id.isascii() and bulk_id.isdigit() and len(bulk_id) < 19):
        return False
    return BulkRefresh.objects.filter(pk=int(bulk_id), requested_by=leader, cancelled_at=None).exists()


def running_for(leader: User) -> tuple[BulkRefresh, int] | None:
    """Return the leader's request that is not done and how many still wait, by one query.

    There is one at a time, so it can only be the last.
    """
    waiting = CedulaInfo.objects.waiting().filter(bulk=OuterRef("pk")).order_by()
    left = waiting.values("bulk").annotate(number=Count("*")).values("number")
    requests = BulkRefresh.objects.filter(requested_by=leader, cancelled_at=None)
    last = requests.annotate(left=Subquery(left)).order_by("-requested_at").first()
    return (last, last.left) if last and last.left else None


def _ask(records: CedulaInfoQuerySet, *, requested_by: User, now: datetime, bulk: BulkRefresh | None = None) -> int:
    """Ask for all refreshable ones by one UPDATE that keeps their former status; send messages for the first."""
    before = {"status_before": F("status"), "message_before": F("error_message")} if bulk else {}
    count = records.refreshable(now).update(
        **newly_asked(requested_by=requested_by, reason=Reason.BULK, now=now), bulk=bulk, **before
    )
    if count:
        asked = CedulaInfo.objects.filter(requested_by=requested_by, requested_at=now, status=Status.PENDING)
        send_on_commit(*asked.in_turn().values_list("user_id", flat=True)[:MESSAGES])
    return count
