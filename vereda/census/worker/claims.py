"""A claim: a worker's time-limited right to look one person up. Taking one, and what is written while it holds.

How a claim ends is in `outcomes.py`; how a dead worker's ends, in `rescue.py`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min

from vereda.census import gate, rules
from vereda.census.models import CedulaInfo, CedulaInfoQuerySet
from vereda.census.statuses import Status
from vereda.census.transitions import newly_closed
from vereda.census.worker import heartbeat

LOST_TWICE = 2


class ClaimLostError(Exception):
    """The claim is no longer this worker's."""


class NobodyDueError(Exception):
    """Nobody may be asked about at this source now."""


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
"""How many people in turn are tried, when the first ones withdraw at that moment."""


def claim(*, user_id: int, now: datetime) -> Claim | None:
    """Claim a person and count the attempt; None when nothing is due or another worker was first.

    Attempts are counted here and not at the end, so that a lookup that kills its worker cannot repeat for ever.
    """
    token = uuid4()
    due = CedulaInfo.objects.due(now).filter(user_id=user_id)
    is_taken = due.allowed().update(
        status=Status.PROCESSING,
        claim_token=token,
        claimed_at=now,
        claim_expires_at=expiry(now),
        claimed_by=heartbeat.own_name(),
        attempts=F("attempts") + 1,
    )
    if not is_taken:
        return None
    record = CedulaInfo.objects.select_related("user").filter(user_id=user_id, claim_token=token).first()
    return claim_on(record) if record else None  # None if they withdrew or were erased meanwhile


def next_turn(*, sources: Sequence[str], now: datetime, is_alone: bool) -> str | float:
    """Return the source at which somebody is due now, or the seconds until that may be so (inf when nobody knows).

    `is_alone` says that the worker has nothing else in flight: who must run alone waits for that, and keeps the turn.
    Those who wait without consent, from a fixture for example, are closed.
    """
    source = gate.open_source(sources, now)
    if isinstance(source, gate.Closed):
        return _seconds_until(source.until, now)
    first = _first_due(now)
    CedulaInfo.objects.filter(pk__in=[record.pk for record in first]).not_allowed().update(**newly_closed(next_at=now))
    if first:
        return source if is_alone or first[0].losses < LOST_TWICE else math.inf
    later = CedulaInfo.objects.filter(status=Status.PENDING, next_at__gt=now)
    return _seconds_until(later.aggregate(at=Min("next_at"))["at"], now)


@transaction.atomic
def begin(*, source: str, now: datetime, is_alone: bool) -> Claim | float:
    """Take a slot and claim whoever's turn it is, both or neither; return the seconds until a slot is free if none is.

    Raises `NobodyDueError` when nobody is due any more, or the source is closed.
    """
    if wait := _enter(source, now):
        return wait
    for record in _first_due(now):
        if record.losses >= LOST_TWICE and not is_alone:
            break
        if claimed := claim(user_id=record.user_id, now=now):
            return claimed
    raise NobodyDueError


@transaction.atomic
def begin_again(*, claimed: Claim, source: str, now: datetime) -> Claim | float:
    """Take a slot for somebody who is claimed, whose time counts from now; return the seconds as `begin` does.

    Raises `NobodyDueError` when the source is closed, `ClaimLostError`: who lost the claim must not send a request.
    """
    if wait := _enter(source, now):
        return wait
    if not record_under(claimed).update(claimed_at=now, claim_expires_at=expiry(now)):
        raise ClaimLostError
    return replace(claimed, claimed_at=now)


def _enter(source: str, now: datetime) -> float:
    entered = gate.enter(source, now)
    if isinstance(entered, gate.Closed):
        raise NobodyDueError
    return entered


def _first_due(now: datetime) -> list[CedulaInfo]:
    due = CedulaInfo.objects.due(now).in_turn().only("pk", "user_id", "losses")
    return list(due[:CLAIM_TRIES])


def _seconds_until(at: datetime | None, now: datetime) -> float:
    return math.inf if at is None else max(0.0, (at - now).total_seconds())


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
