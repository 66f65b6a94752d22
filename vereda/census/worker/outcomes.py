"""How an attempt ends: an answer, a failure, a fault of ours, or a released claim. Each is one transaction.

The claim's token stands in the WHERE of every write that ends it, so that a worker which lost its claim cannot write.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Subquery

from vereda.accounts.models import User
from vereda.census import gate, health, roster, rules, wording
from vereda.census.models import CedulaInfo, LookupAttempt
from vereda.census.queue import send_at, send_on_commit
from vereda.census.sources.port import Answer, Failure, FailureKind, Fault, Outcome
from vereda.census.statuses import UNAUTHORISED, ClosedReason, Status
from vereda.census.transitions import NO_CLAIM, newly_answered, newly_failed
from vereda.census.worker.claims import CaptchaSpend, Claim, record_under

logger = logging.getLogger(__name__)

HIGHEST_COST = Decimal(9999)


@transaction.atomic
def fall_back(*, claimed: Claim, failure: Failure, source: str, others: Sequence[str], now: datetime) -> str | None:
    """Store that a source was unreachable, and return which of the others is asked instead.

    None when none of them is open: then the failure is the lookup's outcome.
    """
    fallback = gate.open_source(others, now) if others else None
    if not isinstance(fallback, str):
        return None
    gate.note_failure(source, failure.kind, now)
    _append_attempt(claimed, failure.status, source=source, now=now, detail=failure.reason)
    logger.info("lookup.fell_back record=%s source=%s next=%s", claimed.record_id, source, fallback)
    return fallback


def record_outcome(
    *, claimed: Claim, outcome: Outcome, source: str, now: datetime, spend: CaptchaSpend | None = None
) -> bool:
    """Store an outcome; False when the claim was lost meanwhile, and only the attempt was stored."""
    if isinstance(outcome, Failure):
        return record_failure(claimed=claimed, failure=outcome, source=source, now=now, spend=spend)
    return record_answer(claimed=claimed, answer=outcome, source=source, now=now, spend=spend)


@transaction.atomic
def record_answer(
    *, claimed: Claim, answer: Answer, source: str, now: datetime, spend: CaptchaSpend | None = None
) -> bool:
    """Store an answer, which replaces the one before; False when the claim was lost."""
    gate.note_answer(source, (now - claimed.claimed_at).total_seconds())  # locked before the record, as at a claim
    is_stored = _finish(claimed, **newly_answered(answer=answer, source=source, now=now))
    _append_attempt(claimed, answer.status, source=source, now=now, spend=spend)
    return is_stored


@transaction.atomic
def record_failure(
    *, claimed: Claim, failure: Failure, source: str, now: datetime, spend: CaptchaSpend | None = None
) -> bool:
    """Store a failure: another attempt later, or, with none left, the last answer's status or a failure's.

    While the source rests the attempt does not count, and the next one waits until a source opens.
    """
    _append_attempt(claimed, failure.status, source=source, now=now, spend=spend, detail=failure.reason)
    rests_until = _rests_until(source, failure, now)
    can_buy_captcha = _can_buy_captcha(claimed)
    decision = rules.after_failure(
        kind=failure.kind,
        attempts=claimed.attempts,
        delays=settings.CENSUS_RETRY_SECONDS,
        answer_status=claimed.answer_status,
        can_buy_captcha=can_buy_captcha,
    )
    fields = newly_failed(failure=failure, cedula=claimed.cedula, source=source, now=now)
    if rests_until is not None and can_buy_captcha:
        is_stored = _wait_until(claimed, _opens_at(rests_until, now), now, attempts=F("attempts") - 1, **fields)
    elif isinstance(decision, rules.Retry):
        is_stored = _wait_until(claimed, now + timedelta(seconds=decision.seconds), now, **fields)
    else:
        is_stored = _finish(claimed, status=decision.status, **fields)
    return is_stored


@transaction.atomic
def record_interruption(
    *,
    claimed: Claim,
    source: str,
    now: datetime,
    detail: str,
    spend: CaptchaSpend | None = None,
    is_over: bool = False,
) -> bool:
    """Store that a lookup ended by a fault of ours: another attempt later, or, with none left, a visible failure.

    `is_over` says that the cause is gone, such as a dead worker: then the next attempt may start at once.
    """
    decision = rules.after_failure(
        kind=FailureKind.NETWORK_ERROR,
        attempts=claimed.attempts,
        delays=settings.CENSUS_RETRY_SECONDS,
        answer_status=claimed.answer_status,
        can_buy_captcha=_can_buy_captcha(claimed),
    )
    fields = {"error_message": wording.INTERRUPTED, "losses": F("losses") + 1}
    if not isinstance(decision, rules.Retry):
        is_stored = _finish(claimed, status=decision.status, **fields)
    elif is_over:
        is_stored = _finish(claimed, status=Status.PENDING, next_at=now, **fields)
    else:
        is_stored = _wait_until(claimed, now + timedelta(seconds=decision.seconds), now, **fields)
    if is_stored:
        _append_attempt(claimed, LookupAttempt.Outcome.LOST, source=source, now=now, spend=spend, detail=detail)
        logger.warning("lookup.lost record=%s attempts=%s", claimed.record_id, claimed.attempts)
    return is_stored


@transaction.atomic
def record_fault(
    *, claimed: Claim, fault: Fault, source: str, now: datetime, spend: CaptchaSpend | None = None
) -> bool:
    """Store that the source cannot be asked by a fault of ours: it rests for that reason, and nobody has failed."""
    logger.error("lookup.fault source=%s fault=%s", source, fault)
    gate.rest(source, ClosedReason(fault), now, gate.FAULT_SECONDS)
    return release(claimed=claimed, source=source, now=now, spend=spend, detail=fault)


@transaction.atomic
def release(*, claimed: Claim, source: str, now: datetime, spend: CaptchaSpend | None = None, detail: str = "") -> bool:
    """End a claim without an outcome: the attempt does not count, and the next may start at once."""
    is_released = _finish(claimed, status=Status.PENDING, next_at=now, attempts=F("attempts") - 1)
    if is_released:
        send_on_commit(claimed.user_id)
    _append_attempt(claimed, LookupAttempt.Outcome.RELEASED, source=source, now=now, spend=spend, detail=detail)
    return is_released


def _rests_until(source: str, failure: Failure, now: datetime) -> datetime | None:
    """Count a failure whose attempt is stored; return until when the source rests, None while it does not."""
    rests_until = gate.note_failure(source, failure.kind, now)
    if failure.kind is FailureKind.PARSE_ERROR and health.face_of(source, now).has_changed:
        return gate.rest(source, ClosedReason.CHANGED, now, gate.CHANGED_SECONDS)
    return rests_until


def _opens_at(rests_until: datetime, now: datetime) -> datetime:
    """Return when the next attempt may start while the source rests: at once, if another source is open."""
    source = gate.open_source(roster.names(), now)
    return source.until or rests_until if isinstance(source, gate.Closed) else now


def _can_buy_captcha(claimed: Claim) -> bool:
    """Whether another attempt would have a captcha: one not used yet, or one that may still be bought."""
    has_left = Q(captchas__lt=rules.MOST_CAPTCHAS) | ~Q(captcha_task="")
    return CedulaInfo.objects.filter(has_left, pk=claimed.record_id).exists()


def _wait_until(claimed: Claim, at: datetime, now: datetime, **fields: object) -> bool:
    """End a claim; the next attempt, and its message, come at that time."""
    is_mine = _finish(claimed, status=Status.PENDING, next_at=at, **fields)
    if is_mine and at > now:
        send_at(claimed.user_id, at)
    elif is_mine:
        send_on_commit(claimed.user_id)
    return is_mine


def _finish(claimed: Claim, **fields: object) -> bool:
    """End a claim by one conditional UPDATE; False when it was lost."""
    is_mine = record_under(claimed).update(**NO_CLAIM, **fields) == 1
    if not is_mine:
        logger.warning("lookup.claim_lost record=%s", claimed.record_id)
    return is_mine


def _append_attempt(
    claimed: Claim, outcome: str, *, source: str, now: datetime, spend: CaptchaSpend | None = None, detail: str = ""
) -> None:
    """Store the attempt even if its claim was lost: it happened and may have cost money.

    Nothing is written of somebody who was erased meanwhile, or has withdrawn their consent.
    """
    asking = User.objects.filter(pk=claimed.requested_by_id).values("pk")  # nobody, if they were erased meanwhile
    held = CedulaInfo.objects.select_for_update().filter(pk=claimed.record_id).exclude(status=UNAUTHORISED)
    found = held.annotate(asking=Subquery(asking)).values_list("asking").first()
    if found is None:
        return
    spend = spend or CaptchaSpend()
    LookupAttempt.objects.create(
        record_id=claimed.record_id,
        requested_by_id=found[0],
        reason=claimed.reason,
        source=source,
        started_at=claimed.claimed_at,
        ended_at=now,
        outcome=outcome,
        detail=detail[:300],
        captcha_seconds=spend.seconds,
        captcha_cost=spend.cost if spend.cost is None else min(spend.cost, HIGHEST_COST),
    )
