"""Kept replies that could not be read: reading them again after a parser was fixed, and emptying the old ones.

No source is asked. An answer that a kept reply gives has the reply's date and source.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from vereda.census.models import CedulaInfo, LookupAttempt, Reason
from vereda.census.sources.port import Answer
from vereda.census.sources.reading.replaying import read_again
from vereda.census.transitions import NO_EVIDENCE, newly_answered

logger = logging.getLogger(__name__)

BATCH = 200
"""Records that are read or emptied at once: evidence is long."""


@dataclass(slots=True)
class ReplayCounts:
    """How many replies were read, the answers among them by status, and those without one."""

    read: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    overtaken: int = 0


def replay_all(*, now: datetime, is_dry_run: bool = False) -> ReplayCounts:
    """Read all kept replies again and store the answers in them; a dry run stores nothing."""
    counts = ReplayCounts()
    for record in _replayable():
        counts.read += 1
        answer = read_again(record.raw_response, record.evidence_reader, record.user.cedula)
        if answer is None:
            counts.unreadable += 1
        elif is_dry_run or replay(record=record, answer=answer, now=now):
            counts.answers[answer.status] += 1
        else:
            counts.overtaken += 1
    logger.info("replay.ended read=%s answers=%s dry=%s", counts.read, counts.answers.total(), is_dry_run)
    return counts


@transaction.atomic
def replay(*, record: CedulaInfo, answer: Answer, now: datetime) -> bool:
    """Store the answer in a record's evidence.

    False when the record has changed since its evidence was read: claimed, answered or asked again.
    """
    assert record.evidence_at is not None  # noqa: S101 - the database says so of every record with evidence
    same = CedulaInfo.objects.replayable().filter(pk=record.pk, evidence_at=record.evidence_at)
    answered = newly_answered(answer=answer, source=record.evidence_source, now=record.evidence_at)
    if not same.update(**answered):
        return False
    LookupAttempt.objects.create(
        record_id=record.pk,
        reason=Reason.REPLAY,
        source=record.evidence_source,
        started_at=now,
        ended_at=now,
        outcome=answer.status,
        detail=f"the reply of {record.evidence_at:%Y-%m-%d %H:%M:%S} UTC, read again",
    )
    return True


def purge(*, now: datetime) -> int:
    """Empty the evidence that is older than `EVIDENCE_DAYS`; return of how many records."""
    old = CedulaInfo.objects.filter(evidence_at__lt=now - timedelta(days=settings.EVIDENCE_DAYS))
    purged = 0
    while chosen := list(old.values_list("pk", flat=True)[:BATCH]):
        purged += old.filter(pk__in=chosen).update(**NO_EVIDENCE)
    logger.info("evidence.purged records=%s", purged)
    return purged


def _replayable() -> Iterator[CedulaInfo]:
    """Yield the records whose reply can be read again; one batch is in memory at a time."""
    chosen = list(CedulaInfo.objects.replayable().order_by("evidence_at").values_list("pk", flat=True))
    fields = ("raw_response", "evidence_at", "evidence_source", "evidence_reader", "user__cedula")
    for begin in range(0, len(chosen), BATCH):
        records = CedulaInfo.objects.replayable().filter(pk__in=chosen[begin : begin + BATCH])
        yield from records.select_related("user").only(*fields)
