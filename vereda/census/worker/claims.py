"""A claim: a worker's time-limited right to look one person up. Taking one, and what is written while it holds.

How a claim ends is in `outcomes.py`; how a dead worker's ends, in `rescue.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import F, Min

from vereda.census import gate, rules
from vereda.census.models import CedulaInfo, CedulaInfoQuerySet
from vereda.census.statuses import Status
from vereda.census.transitions import newly_closed
from vereda.census.worker import heartbeat

LOST_TWICE = 2


class ClaimLostError(Exception):
    """The claim is no longer this worker's."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's time-limited right to look one person up."""

    record_id: int
    user_id: int
    cedula: str
    token: UUID
    claimed_at: datetime
    attempts: int
    losses: int
    answer_status: str
    reason: str
    requested_by_id: int | None
    captchas: int
    captcha_task: str
    captcha_source: str

    @property
    def must_run_alone(self) -> bool:
        """Whether two workers died during it: then it runs alone, so that no other lookup is lost with it."""
        return self.losses >= LOST_TWICE


@dataclass(frozen=True, slots=True)
class CaptchaSpend:
    """What an attempt's captcha took, in seconds and US dollars; None where there was none."""

    seconds: float | None = None
    cost: Decimal | None = None


def claim_on(record: CedulaInfo) -> Claim:
    assert record.claim_token is not None  # noqa: S101 - the database says so of every record that is claimed
    assert record.claimed_at is not None  # noqa: S101
    return Claim(
        record_id=record.pk,
        user_id=record.user_id,
        cedula=record.user.cedula,
        token=record.claim_token,
        claimed_at=record.claimed_at,
        attempts=record.attempts,
        losses=record.losses,
        answer_status=record.answer_status,
        reason=record.reason,
        requested_by_id=record.requested_by_id,
        captchas=record.captchas,
        captcha_task=record.captcha_task,
        captcha_source=record.captcha_source,
    )


def expiry(now: datetime) -> datetime:
    """Return when a claim that begins now expires."""
    return now + timedelta(seconds=rules.claim_seconds(settings.CENSUS_TIMEOUT_SECONDS))


def record_under(claimed: Claim) -> CedulaInfoQuerySet:
    """Return a query for the record that is empty once the claim is lost."""
    return CedulaInfo.objects.filter(pk=claimed.record_id, status=Status.PROCESSING, claim_token=claimed.token)


CLAIM_TRIES = 20
"""How many people in turn are tried, when other workers are always a little faster."""


def claim(*, user_id: int, now: datetime) -> Claim | None:
    """Claim a person and count the attempt; None when nothing is due or another worker was first.

    Attempts are counted here and not at the end, so that a lookup that kills its worker cannot repeat for ever. A
    record that waits without its person's consent, from a fixture for example, is closed instead.
    """
    due, token = CedulaInfo.objects.due(now).filter(user_id=user_id), uuid4()
    is_taken = due.allowed().update(
        status=Status.PROCESSING,
        claim_token=token,
        claimed_at=now,
        claim_expires_at=expiry(now),
        claimed_by=heartbeat.own_name(),
        attempts=F("attempts") + 1,
    )
    if not is_taken:
        due.not_allowed().update(**newly_closed(next_at=now))
        return None
    record = CedulaInfo.objects.select_related("user").filter(user_id=user_id, claim_token=token).first()
    return claim_on(record) if record else None  # None if they withdrew or were erased meanwhile


def claim_next(*, sources: Sequence[str], now: datetime, is_alone: bool) -> tuple[Claim, str] | None:
    """Claim whoever's turn it is; return the claim with the source to begin with.

    None when nobody is due or every source is closed. `is_alone` says that the worker has nothing else in flight: a
    lookup that must run alone waits for that, and keeps its turn.
    """
    source = gate.open_source(sources, now)
    if isinstance(source, gate.Closed):
        return None
    due = CedulaInfo.objects.due(now).in_turn().values_list("user_id", "losses")
    for user_id, losses in due[:CLAIM_TRIES]:
        if losses >= LOST_TWICE and not is_alone:
            return None
        claimed = claim(user_id=user_id, now=now)
        if claimed is not None:
            return claimed, source
    return None


def is_due(*, user_id: int, now: datetime) -> bool:
    return CedulaInfo.objects.due(now).filter(user_id=user_id).exists()


def next_due_at(*, sources: Sequence[str], now: datetime) -> datetime | None:
    """Return when to claim again: when a later attempt is due, or a closed source opens by itself."""
    source = gate.open_source(sources, now)
    if isinstance(source, gate.Closed):
        return source.until
    later = CedulaInfo.objects.filter(status=Status.PENDING, next_at__gt=now)
    due_at: datetime | None = later.aggregate(at=Min("next_at"))["at"]
    return due_at


def start(*, claimed: Claim, now: datetime) -> Claim:
    """Begin the attempt: the request is about to be sent, so the claim's time counts from now.

    Raises `ClaimLostError`: a worker that froze before this must not send the request any more.
    """
    if not record_under(claimed).update(claimed_at=now, claim_expires_at=expiry(now)):
        raise ClaimLostError
    return replace(claimed, claimed_at=now)


def keep_captcha(*, claimed: Claim, task_id: str, source: str) -> None:
    """Store the captcha service's id of a captcha, before its solution is waited for.

    The next attempt at the same source may use it.
    """
    record_under(claimed).update(captchas=F("captchas") + 1, captcha_task=task_id, captcha_source=source)


def drop_captcha(*, claimed: Claim) -> None:
    """Forget the captcha: it is about to be used, or useless.

    Raises `ClaimLostError`: the form must not be sent for somebody who may not be asked about any more.
    """
    if not record_under(claimed).update(captcha_task=""):
        raise ClaimLostError
