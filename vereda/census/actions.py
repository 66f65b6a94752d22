"""Every write to a census record, and nobody else's: asking, claiming, storing an answer or a failure, giving back.

The row is the truth and the queue only a bell: a bell that rings twice finds the row done or claimed, one that never
rings is rung again by `rescue`. A claim's token stands in the WHERE of every write that ends it, so that a worker
which lost its claim cannot write.

Next on the reading path: `vereda/census/sources/port.py`.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django_q.brokers import get_broker
from django_q.models import Schedule
from django_q.tasks import async_task, schedule

from vereda.accounts.models import User
from vereda.census import rules, wording
from vereda.census.models import CedulaInfo, LookupAttempt, Reason
from vereda.census.sources.port import Answer, Cancelled, Failure, FailureKind, Found, Outcome
from vereda.census.statuses import FINAL, Status

logger = logging.getLogger(__name__)

VALIDATE_TASK = "vereda.census.tasks.validate_cedula"
CLAIM_SECONDS = 150
"""How long a claim is good for: longer than the queue's task timeout (120 s), which is longer than a lookup (90 s)."""
BELLS_PER_RESCUE = 50
HIGHEST_COST = Decimal(9999)


class TooSoonError(Exception):
    """Asked again before the cooldown was over."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's time-limited right to look one person up."""

    record_id: int
    user_id: int
    cedula: str
    token: UUID
    claimed_at: datetime
    attempts: int
    answer_status: str
    reason: str
    requested_by_id: int | None


@dataclass(frozen=True, slots=True)
class CaptchaSpend:
    """What an attempt's captcha took, in seconds and US dollars; None where there was none."""

    seconds: float | None = None
    cost: Decimal | None = None


def create_record(*, user: User) -> CedulaInfo:
    """Return a person's record; a new one waits for its first lookup."""
    record, is_new = CedulaInfo.objects.get_or_create(user=user, defaults={"requested_by": user})
    if is_new:
        ring_on_commit(user.pk)
    return record


def request_lookup(*, record: CedulaInfo, requested_by: User, reason: Reason, now: datetime) -> bool:
    """Ask for a new lookup of a final record; the last answer is kept meanwhile.

    Returns False when one is under way already. Raises `TooSoonError` within the cooldown of the last request.
    """
    cooldown = timedelta(seconds=settings.CENSUS_COOLDOWN_SECONDS)
    is_asked = CedulaInfo.objects.filter(pk=record.pk, status__in=FINAL, requested_at__lte=now - cooldown).update(
        status=Status.PENDING,
        requested_at=now,
        requested_by=requested_by,
        reason=reason,
        attempts=0,
        next_at=now,
        error_message="",
        raw_response="",
    )
    record.refresh_from_db()
    if is_asked:
        ring_on_commit(record.user_id)
        return True
    if record.is_final:
        left = record.requested_at + cooldown - now
        raise TooSoonError(max(1, round(left.total_seconds())))
    return False


def claim(*, user_id: int, now: datetime) -> Claim | None:
    """Take the right to look a person up, and count the attempt; None when nothing is due or another worker was first.

    Attempts are counted here and not at the end, so that a lookup which kills its worker cannot repeat for ever.
    """
    token = uuid4()
    is_taken = (
        CedulaInfo.objects.due(now)
        .filter(user_id=user_id)
        .update(
            status=Status.PROCESSING,
            claim_token=token,
            claimed_at=now,
            claim_expires_at=now + timedelta(seconds=CLAIM_SECONDS),
            attempts=F("attempts") + 1,
        )
    )
    if not is_taken:
        return None
    return _claim_on(CedulaInfo.objects.select_related("user").get(user_id=user_id))


def record_outcome(
    *, claimed: Claim, outcome: Outcome, source: str, now: datetime, spend: CaptchaSpend | None = None
) -> bool:
    """Store what a lookup brought; False when the claim was lost meanwhile and nothing but the attempt was stored."""
    if isinstance(outcome, Failure):
        return record_failure(claimed=claimed, failure=outcome, source=source, now=now, spend=spend)
    return record_answer(claimed=claimed, answer=outcome, source=source, now=now, spend=spend)


@transaction.atomic
def record_answer(
    *, claimed: Claim, answer: Answer, source: str, now: datetime, spend: CaptchaSpend | None = None
) -> bool:
    """Store an answer, all of it in place of the one before; False when the claim was lost."""
    place = answer if isinstance(answer, Found) else None
    novedad = answer if isinstance(answer, Cancelled) else None
    status = rules.status_of_answer(answer)
    is_stored = _finish(
        claimed,
        status=status,
        departamento=place.departamento if place else "",
        municipio=place.municipio if place else "",
        puesto=place.puesto if place else "",
        direccion=place.direccion if place else "",
        mesa=place.mesa if place else "",
        novedad=novedad.novedad if novedad else "",
        resolucion=novedad.resolucion if novedad else "",
        fecha_novedad=novedad.fecha_novedad if novedad else "",
        answer_status=status,
        answer_source=source,
        fetched_at=now,
        error_message="",
        raw_response="",
    )
    _append_attempt(claimed, answer.status, source=source, now=now, spend=spend)
    return is_stored


@transaction.atomic
def record_failure(
    *, claimed: Claim, failure: Failure, source: str, now: datetime, spend: CaptchaSpend | None = None
) -> bool:
    """Store a failure: another attempt later, or, with none left, the last answer's status or a failure's."""
    decision = rules.after_failure(
        kind=failure.kind,
        attempts=claimed.attempts,
        delays=settings.CENSUS_RETRY_SECONDS,
        answer_status=claimed.answer_status,
    )
    told = {"error_message": wording.of_failure(failure.kind), "raw_response": failure.evidence}
    match decision:
        case rules.Retry(seconds=seconds):
            next_at = now + timedelta(seconds=seconds)
            is_stored = _finish(claimed, status=Status.PENDING, next_at=next_at, **told)
            if is_stored:
                _ring_at(claimed.user_id, next_at)
        case rules.GiveUp(status=status):
            is_stored = _finish(claimed, status=status, **told)
    _append_attempt(claimed, failure.status, source=source, now=now, spend=spend, detail=failure.reason)
    return is_stored


@transaction.atomic
def record_interruption(
    *,
    claimed: Claim,
    source: str,
    now: datetime,
    detail: str,
    delay: timedelta,
    spend: CaptchaSpend | None = None,
) -> bool:
    """Store that a lookup ended by a fault of ours: again after `delay`, or, attempts used up, a visible failure."""
    decision = rules.after_failure(
        kind=FailureKind.NETWORK_ERROR,
        attempts=claimed.attempts,
        delays=settings.CENSUS_RETRY_SECONDS,
        answer_status=claimed.answer_status,
    )
    match decision:
        case rules.Retry():
            is_stored = _finish(claimed, status=Status.PENDING, next_at=now + delay, error_message=wording.INTERRUPTED)
        case rules.GiveUp(status=status):
            is_stored = _finish(claimed, status=status, error_message=wording.INTERRUPTED)
    if is_stored:
        _append_attempt(claimed, LookupAttempt.Outcome.LOST, source=source, now=now, spend=spend, detail=detail)
        logger.warning("lookup.lost record=%s attempts=%s", claimed.record_id, claimed.attempts)
    return is_stored


@transaction.atomic
def release(*, claimed: Claim, source: str, now: datetime, next_at: datetime) -> bool:
    """Give a claim back without having asked: the attempt does not count, the next may start at `next_at`."""
    is_released = _finish(claimed, status=Status.PENDING, next_at=next_at, attempts=F("attempts") - 1)
    if is_released:
        _ring_at(claimed.user_id, next_at)
    _append_attempt(claimed, LookupAttempt.Outcome.RELEASED, source=source, now=now)
    return is_released


def rescue(*, now: datetime) -> int:
    """Take abandoned claims back and ring again for due rows whose bell may be lost; return how many bells rang.

    People without a record (loaded from a fixture, say) get one. Bells are rung only while the queue is short, so that
    a backlog does not grow by its own rescue.
    """
    for record in CedulaInfo.objects.abandoned(now).select_related("user"):
        lost = _claim_on(record)
        record_interruption(claimed=lost, source="", now=now, detail="the claim ran out", delay=timedelta(0))
    for user in User.objects.filter(cedula_info=None, is_active=True)[:BELLS_PER_RESCUE]:
        create_record(user=user)
    room = BELLS_PER_RESCUE - get_broker().queue_size()
    due = CedulaInfo.objects.due(now).order_by("next_at").values_list("user_id", flat=True)[: max(0, room)]
    for user_id in due:
        ring(user_id)
    return len(due)


def ring(user_id: int) -> None:
    """Put a bell for one person into the queue."""
    async_task(VALIDATE_TASK, user_id, group="census")


def ring_on_commit(user_id: int) -> None:
    """Ring once the transaction is through. A queue out of reach is logged; `rescue` rings again for the due row."""
    transaction.on_commit(partial(ring, user_id), robust=True)


def _ring_at(user_id: int, at: datetime) -> None:
    """Ring once at a time, by a one-time schedule."""
    schedule(VALIDATE_TASK, user_id, schedule_type=Schedule.ONCE, next_run=at)


def _claim_on(record: CedulaInfo) -> Claim:
    """Return the claim that holds a record."""
    assert record.claim_token is not None  # noqa: S101 - the database says so of every record that is claimed
    assert record.claimed_at is not None  # noqa: S101
    return Claim(
        record_id=record.pk,
        user_id=record.user_id,
        cedula=record.user.cedula,
        token=record.claim_token,
        claimed_at=record.claimed_at,
        attempts=record.attempts,
        answer_status=record.answer_status,
        reason=record.reason,
        requested_by_id=record.requested_by_id,
    )


def _finish(claimed: Claim, **fields: object) -> bool:
    """End a claim by one conditional UPDATE; False when the claim is no longer this worker's."""
    mine = CedulaInfo.objects.filter(pk=claimed.record_id, status=Status.PROCESSING, claim_token=claimed.token)
    is_mine = mine.update(claim_token=None, claimed_at=None, claim_expires_at=None, **fields) == 1
    if not is_mine:
        logger.warning("lookup.claim_lost record=%s", claimed.record_id)
    return is_mine


def _append_attempt(
    claimed: Claim, outcome: str, *, source: str, now: datetime, spend: CaptchaSpend | None = None, detail: str = ""
) -> None:
    """Write the attempt down, whether or not its claim still held: it happened and may have cost money."""
    spend = spend or CaptchaSpend()
    LookupAttempt.objects.create(
        record_id=claimed.record_id,
        requested_by_id=claimed.requested_by_id,
        reason=claimed.reason,
        source=source,
        started_at=claimed.claimed_at,
        ended_at=now,
        outcome=outcome,
        detail=detail[:300],
        captcha_seconds=spend.seconds,
        captcha_cost=spend.cost if spend.cost is None else min(spend.cost, HIGHEST_COST),
    )
