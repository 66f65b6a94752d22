"""A claim: a worker's time-limited right to look one person up, and what an attempt under it spends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from vereda.census import rules
from vereda.census.models import CedulaInfo, CedulaInfoQuerySet
from vereda.census.statuses import Status

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
    def is_suspect(self) -> bool:
        """Whether its worker died under it twice: it is then looked up alone, so that others do not die with it."""
        return self.losses >= LOST_TWICE


@dataclass(frozen=True, slots=True)
class CaptchaSpend:
    """What an attempt's captcha took, in seconds and US dollars; None where there was none."""

    seconds: float | None = None
    cost: Decimal | None = None


def claim_on(record: CedulaInfo) -> Claim:
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
        losses=record.losses,
        answer_status=record.answer_status,
        reason=record.reason,
        requested_by_id=record.requested_by_id,
        captchas=record.captchas,
        captcha_task=record.captcha_task,
        captcha_source=record.captcha_source,
    )


def expiry(now: datetime) -> datetime:
    """Return until when a claim is good that begins now."""
    return now + timedelta(seconds=rules.claim_seconds(settings.CENSUS_TIMEOUT_SECONDS))


def record_under(claimed: Claim) -> CedulaInfoQuerySet:
    """Return the record as long as the claim on it holds."""
    return CedulaInfo.objects.filter(pk=claimed.record_id, status=Status.PROCESSING, claim_token=claimed.token)
