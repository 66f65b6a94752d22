"""Every write to a census record: asking, claiming, storing an answer or a failure, giving back.

Nobody else writes to one, but for `bulk.py`, which asks for many at once, `evidence.py`, which reads kept replies
again, and `assisted.py`, which stores what people looked up themselves.

The row is the truth and the queue only a bell: a bell that rings twice finds the row done or claimed, one that never
rings is rung again by `rescue`. A claim's token stands in the WHERE of every write that ends it, so that a worker
which lost its claim cannot write.

Next on the reading path: `vereda/census/sources/port.py`.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, F, Min, Q, Subquery, Value
from django.db.models.functions import Greatest
from django_q.brokers import get_broker

from vereda.accounts import audit
from vereda.accounts.models import AuditEntry, User
from vereda.census import gate, roster, rules, wording
from vereda.census.bells import ring, ring_at, ring_on_commit
from vereda.census.models import CedulaInfo, CedulaInfoQuerySet, LookupAttempt, Reason
from vereda.census.sources.port import Answer, Failure, FailureKind, Outcome
from vereda.census.statuses import FINAL, UNAUTHORISED, Status
from vereda.census.transitions import NO_CLAIM, newly_answered, newly_asked, newly_closed, newly_failed
from vereda.census.worker import signs
from vereda.census.worker.claims import LOST_TWICE, CaptchaSpend, Claim, ClaimLostError, claim_on, expiry, record_under

logger = logging.getLogger(__name__)

BELLS_PER_RESCUE = 50
CLAIM_TRIES = 20
"""Of how many people in turn one is tried to be claimed, when other workers are always a little faster."""
HIGHEST_COST = Decimal(9999)


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
        ring_on_commit(user.pk)
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
        ring_on_commit(record.user_id)
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
        ring_on_commit(record.user_id)
    return False


def claim(*, user_id: int, now: datetime) -> Claim | None:
    """Take the right to look a person up, and count the attempt; None when nothing is due or another worker was first.

    Attempts are counted here and not at the end, so that a lookup which kills its worker cannot repeat for ever. A
    record that waits without its person's consent, out of a fixture, say, is closed instead.
    """
    due, token = CedulaInfo.objects.due(now).filter(user_id=user_id), uuid4()
    is_taken = due.allowed().update(
        status=Status.PROCESSING,
        claim_token=token,
        claimed_at=now,
        claim_expires_at=expiry(now),
        claimed_by=signs.own_name(),
        attempts=F("attempts") + 1,
    )
    if not is_taken:
        due.not_allowed().update(**newly_closed(next_at=now))
        return None
    record = CedulaInfo.objects.select_related("user").filter(user_id=user_id, claim_token=token).first()
    return claim_on(record) if record else None  # who withdrew or was erased meanwhile has none any more


def claim_next(*, sources: Sequence[str], now: datetime, is_alone: bool) -> tuple[Claim, str] | None:
    """Take the right to look up whoever's turn it is; return it with the source to begin with.

    None when nobody is due or every source is closed. `is_alone` says that the worker has nothing else in flight. A
    suspect lookup waits for that, and holds its turn.
    """
    opening = gate.opening(sources, now)
    if isinstance(opening, gate.Closed):
        return None
    due = CedulaInfo.objects.due(now).in_turn().values_list("user_id", "losses")
    for user_id, losses in due[:CLAIM_TRIES]:
        if losses >= LOST_TWICE and not is_alone:
            return None
        claimed = claim(user_id=user_id, now=now)
        if claimed is not None:
            return claimed, opening
    return None


def is_due(*, user_id: int, now: datetime) -> bool:
    """Whether somebody waits for a worker."""
    return CedulaInfo.objects.due(now).filter(user_id=user_id).exists()


def next_due_at(*, sources: Sequence[str], now: datetime) -> datetime | None:
    """Return when it is worth while to claim again: when a later attempt is due, or a closed source opens by itself."""
    opening = gate.opening(sources, now)
    if isinstance(opening, gate.Closed):
        return opening.until
    later = CedulaInfo.objects.filter(status=Status.PENDING, next_at__gt=now)
    due_at: datetime | None = later.aggregate(at=Min("next_at"))["at"]
    return due_at


def start(*, claimed: Claim, now: datetime) -> Claim:
    """Begin the attempt: its page is about to be opened, so the claim's time counts from now.

    Raises `ClaimLostError`: a worker that froze before it opened the page must not open it any more.
    """
    if not record_under(claimed).update(claimed_at=now, claim_expires_at=expiry(now)):
        raise ClaimLostError
    return replace(claimed, claimed_at=now)


def keep_captcha(*, claimed: Claim, task_id: str, source: str) -> None:
    """Store the captcha service's id of what was just bought, before it is waited for.

    The next attempt at the same source may use it.
    """
    record_under(claimed).update(captchas=F("captchas") + 1, captcha_task=task_id, captcha_source=source)


def drop_captcha(*, claimed: Claim) -> None:
    """Forget the captcha: it is being used, or good for nothing.

    Raises `ClaimLostError`: the form must not be sent for whom nobody may ask any more.
    """
    if not record_under(claimed).update(captcha_task=""):
        raise ClaimLostError


@transaction.atomic
def pass_over(*, claimed: Claim, failure: Failure, source: str, others: Sequence[str], now: datetime) -> str | None:
    """Take note that a source was out of reach, and return which of the others is to be asked in its place.

    None when none of them is open: then the failure is the lookup's outcome.
    """
    opening = gate.opening(others, now) if others else None
    if not isinstance(opening, str):
        return None
    gate.note_failure(source, failure.kind, now)
    _append_attempt(claimed, failure.status, source=source, now=now, detail=failure.reason)
    logger.info("lookup.passed_over record=%s source=%s next=%s", claimed.record_id, source, opening)
    return opening


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
    is_stored = _finish(claimed, **newly_answered(answer=answer, source=source, now=now))
    gate.note_answer(source, (now - claimed.claimed_at).total_seconds())
    _append_attempt(claimed, answer.status, source=source, now=now, spend=spend)
    return is_stored


@transaction.atomic
def record_failure(
    *, claimed: Claim, failure: Failure, source: str, now: datetime, spend: CaptchaSpend | None = None
) -> bool:
    """Store a failure: another attempt later, or, with none left, the last answer's status or a failure's.

    While the source rests it is nobody's failure: the attempt does not count, and the next waits until a source opens.
    """
    rests_until = gate.note_failure(source, failure.kind, now)
    can_buy_captcha = _can_buy_captcha(claimed)
    decision = rules.after_failure(
        kind=failure.kind,
        attempts=claimed.attempts,
        delays=settings.CENSUS_RETRY_SECONDS,
        answer_status=claimed.answer_status,
        can_buy_captcha=can_buy_captcha,
    )
    told = newly_failed(failure=failure, cedula=claimed.cedula, source=source, now=now)
    if rests_until is not None and can_buy_captcha:
        is_stored = _wait_until(claimed, _opens_at(rests_until, now), now, attempts=F("attempts") - 1, **told)
    elif isinstance(decision, rules.Retry):
        is_stored = _wait_until(claimed, now + timedelta(seconds=decision.seconds), now, **told)
    else:
        is_stored = _finish(claimed, status=decision.status, **told)
    _append_attempt(claimed, failure.status, source=source, now=now, spend=spend, detail=failure.reason)
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

    `is_over` says that what caused it is gone, such as a dead worker: then the next attempt may start at once.
    """
    decision = rules.after_failure(
        kind=FailureKind.NETWORK_ERROR,
        attempts=claimed.attempts,
        delays=settings.CENSUS_RETRY_SECONDS,
        answer_status=claimed.answer_status,
        can_buy_captcha=_can_buy_captcha(claimed),
    )
    told = {"error_message": wording.INTERRUPTED, "losses": F("losses") + 1}
    if not isinstance(decision, rules.Retry):
        is_stored = _finish(claimed, status=decision.status, **told)
    elif is_over:
        is_stored = _finish(claimed, status=Status.PENDING, next_at=now, **told)
    else:
        is_stored = _wait_until(claimed, now + timedelta(seconds=decision.seconds), now, **told)
    if is_stored:
        _append_attempt(claimed, LookupAttempt.Outcome.LOST, source=source, now=now, spend=spend, detail=detail)
        logger.warning("lookup.lost record=%s attempts=%s", claimed.record_id, claimed.attempts)
    return is_stored


@transaction.atomic
def release(
    *, claimed: Claim, source: str, now: datetime, spend: CaptchaSpend | None = None, pause: timedelta = timedelta(0)
) -> bool:
    """Give a claim back without an outcome: the attempt does not count, and the next may start after the pause."""
    is_released = _finish(claimed, status=Status.PENDING, next_at=now + pause, attempts=F("attempts") - 1)
    if is_released and not pause:
        ring_on_commit(claimed.user_id)
    _append_attempt(claimed, LookupAttempt.Outcome.RELEASED, source=source, now=now, spend=spend)
    return is_released


def rescue(*, now: datetime) -> int:
    """Take abandoned claims back and ring again for due rows whose bell may be lost; return how many bells rang.

    People without a record (loaded from a fixture, say) get one. Bells are rung only while the queue is short, so that
    a backlog does not grow by its own rescue, and only while the source is open.
    """
    abandoned = CedulaInfo.objects.abandoned(now)
    for record in abandoned.select_related("user"):
        _take_back(record, lost=abandoned, now=now, detail="the claim ran out")
    for user in User.objects.filter(cedula_info=None, is_active=True)[:BELLS_PER_RESCUE]:
        create_record(user=user)
    signs.forget_the_dead(now)
    if isinstance(gate.opening(roster.names(), now), gate.Closed):
        return 0
    room = BELLS_PER_RESCUE - get_broker().queue_size()
    due = CedulaInfo.objects.due(now).in_turn().values_list("user_id", flat=True)[: max(0, room)]
    for user_id in due:
        ring(user_id)
    return len(due)


def rescue_from_dead(*, worker_key: str, living: Collection[int], now: datetime) -> int:
    """Take back at once what processes of a cluster held that are gone, and ring; return how many claims it was.

    `living` are the process ids that still run. Only who is above that cluster can know.
    """
    held = CedulaInfo.objects.filter(status=Status.PROCESSING, claimed_by__startswith=f"{worker_key}/")
    dead = [record for record in held.select_related("user") if int(record.claimed_by.rsplit("/")[-1]) not in living]
    for record in dead:
        _take_back(record, lost=held, now=now, detail="its worker died")
        ring_on_commit(record.user_id)
    return len(dead)


def _take_back(record: CedulaInfo, *, lost: CedulaInfoQuerySet, now: datetime, detail: str) -> None:
    """End the claim of a worker that will not end it itself, unless it is no longer among the lost ones."""
    token = uuid4()  # from here on the worker cannot write, should it live
    if not lost.filter(pk=record.pk, claim_token=record.claim_token).update(claim_token=token):
        return
    record.claim_token = token
    record_interruption(claimed=claim_on(record), source="", now=now, detail=detail, is_over=True)


def _opens_at(rests_until: datetime, now: datetime) -> datetime:
    """Return when somebody can be asked about again whose source rests until then: at once, if another one is open."""
    opening = gate.opening(roster.names(), now)
    return opening.until or rests_until if isinstance(opening, gate.Closed) else now


def _can_buy_captcha(claimed: Claim) -> bool:
    """Whether another attempt would have a captcha: one not used yet, or leave to buy one."""
    has_left = Q(captchas__lt=rules.MOST_CAPTCHAS) | ~Q(captcha_task="")
    return CedulaInfo.objects.filter(has_left, pk=claimed.record_id).exists()


def _wait_until(claimed: Claim, at: datetime, now: datetime, **fields: object) -> bool:
    """End a claim with another attempt at a time, and ring then."""
    is_mine = _finish(claimed, status=Status.PENDING, next_at=at, **fields)
    if is_mine and at > now:
        ring_at(claimed.user_id, at)
    elif is_mine:
        ring_on_commit(claimed.user_id)
    return is_mine


def _finish(claimed: Claim, **fields: object) -> bool:
    """End a claim by one conditional UPDATE; False when the claim is no longer this worker's."""
    is_mine = record_under(claimed).update(**NO_CLAIM, **fields) == 1
    if not is_mine:
        logger.warning("lookup.claim_lost record=%s", claimed.record_id)
    return is_mine


def _append_attempt(
    claimed: Claim, outcome: str, *, source: str, now: datetime, spend: CaptchaSpend | None = None, detail: str = ""
) -> None:
    """Write the attempt down, whether or not its claim still held: it happened and may have cost money.

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
