"""Which records, for whom, and in which order."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from vereda.accounts.agreements import allows
from vereda.accounts.models import Purpose, User
from vereda.census import caps
from vereda.census.statuses import FAILURES, WAITING, Status

if TYPE_CHECKING:
    from vereda.census.models import CedulaInfo


class CedulaInfoQuerySet(models.QuerySet["CedulaInfo"]):
    """Which records."""

    def visible_to(self, viewer: User) -> Self:
        """Only the records of people whose census data the viewer may see: their own; a leader's referrals'; all."""
        if viewer.is_superuser:
            return self
        if viewer.is_leader:
            return self.filter(Q(user=viewer) | Q(user__referred_by=viewer))
        return self.filter(user=viewer)

    def referrals_of(self, viewer: User) -> Self:
        """Only the records of the viewer's own referrals (a superuser's are everybody else), for counting and choosing.

        It uses the record's copy of who invited the person, so that a list of 50,000 needs no join. What is shown
        must go through `visible_to`.
        """
        if viewer.is_superuser:
            return self.exclude(user=viewer)
        return self.filter(referred_by=viewer) if viewer.is_leader else self.none()

    def allowed(self) -> Self:
        """Those whose person consents to lookups. Nobody else may be asked about, whatever their status."""
        return self.alias(is_allowed=allows(Purpose.CENSUS_LOOKUP, person="user")).filter(is_allowed=True)

    def not_allowed(self) -> Self:
        """Those whose person does not consent to lookups, or not any more."""
        return self.alias(is_allowed=allows(Purpose.CENSUS_LOOKUP, person="user")).filter(is_allowed=False)

    def refreshable(self, now: datetime) -> Self:
        """Those that can be asked again in bulk: without an answer, after the cooldown, and below the day's cap."""
        return self.filter(caps.has_room(now), status__in=FAILURES).rested(now)

    def rested(self, now: datetime) -> Self:
        """Those whose cooldown is over."""
        return self.filter(requested_at__lte=now - timedelta(seconds=settings.CENSUS_COOLDOWN_SECONDS))

    def waiting(self) -> Self:
        """Those whose lookup is not done, the first or a later one."""
        return self.filter(status__in=WAITING)

    def due(self, now: datetime) -> Self:
        """Those whose next attempt may start."""
        return self.filter(status=Status.PENDING, next_at__lte=now)

    def in_turn(self) -> Self:
        """Those with somebody at a screen first, then the longest due."""
        return self.order_by("priority", "next_at", "pk")

    def longest_waiting(self, priority: int) -> Self:
        """Those of a priority whose lookup is not done and not in flight, whoever asked first before the others."""
        return self.filter(status=Status.PENDING, priority=priority).order_by("requested_at")

    def ahead_of(self, record: "CedulaInfo", now: datetime) -> Self:
        """Due records whose turn is before this one's."""
        as_urgent = Q(priority=record.priority)
        is_earlier = Q(next_at__lt=record.next_at) | Q(next_at=record.next_at, pk__lt=record.pk)
        return self.due(now).filter(Q(priority__lt=record.priority) | as_urgent & is_earlier)

    def with_evidence(self) -> Self:
        """Those whose last failure left a reply."""
        return self.filter(evidence_at__isnull=False)

    def replayable(self) -> Self:
        """Those not in flight whose evidence is a whole reply and newer than their last answer."""
        is_newer = Q(fetched_at=None) | Q(fetched_at__lt=models.F("evidence_at"))
        return self.with_evidence().filter(is_newer).exclude(evidence_reader="").exclude(status=Status.PROCESSING)

    def abandoned(self, now: datetime) -> Self:
        """Those whose claim has expired."""
        return self.filter(status=Status.PROCESSING, claim_expires_at__lt=now)
