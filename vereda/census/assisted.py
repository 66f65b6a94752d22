"""Assisted lookup: a person asks the census page themselves and enters the answer about somebody else.

Leaders may do so for those they invited; superusers, and staff who may change census records, for everybody. The
attempt and the audit trail say who did it.
"""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from vereda.accounts import actions as people
from vereda.accounts.models import User
from vereda.census import roster
from vereda.census.models import CedulaInfo, CedulaInfoQuerySet, LookupAttempt, Reason
from vereda.census.sources.config import KNOWN_SOURCES, SourceKind
from vereda.census.sources.port import Answer
from vereda.census.statuses import ASSISTABLE
from vereda.census.transitions import newly_answered

logger = logging.getLogger(__name__)

SOURCE = "asistida"
PERMISSION = "census.change_cedulainfo"
"""What staff need for people whom they did not invite."""


def may_assist(viewer: User) -> bool:
    return viewer.is_leader or _may_assist_everybody(viewer)


def assistable_by(viewer: User) -> CedulaInfoQuerySet:
    """Return the records of those whom the viewer may look up by hand, whatever their state.

    A leader's are found by the record's copy of who invited, and must be visible too.
    """
    others = CedulaInfo.objects.exclude(user=viewer)
    if _may_assist_everybody(viewer):
        return others
    return others.referrals_of(viewer).visible_to(viewer)


def waiting_for(viewer: User) -> int:
    """Return how many of them can be looked up by hand now."""
    return assistable_by(viewer).filter(status__in=ASSISTABLE).count()


def next_for(viewer: User, *, after: int | None = None) -> CedulaInfo | None:
    """Return the record of whom to look up next: waiting ones before failed ones, then as `in_turn`.

    `after` is a person who is skipped with all before them; ignored if they cannot be looked up any more.
    """
    records = assistable_by(viewer).filter(status__in=ASSISTABLE)
    skipped = records.filter(user=after).first() if after else None
    turns = ASSISTABLE[ASSISTABLE.index(skipped.status) :] if skipped else ASSISTABLE
    for status in turns:
        in_turn = records.filter(status=status).in_turn()
        if skipped and status == skipped.status:
            in_turn = in_turn.filter(_comes_after(skipped))
        found = in_turn.select_related("user").defer("raw_response").first()
        if found:
            return found
    return None


@transaction.atomic
def record_assisted(*, record: CedulaInfo, answer: Answer, actor: User, now: datetime) -> bool:
    """Store an answer that somebody looked up by hand; False when a worker or an answer came first.

    In a request for many the person counts as done, as after any answer.
    """
    unanswered = CedulaInfo.objects.filter(pk=record.pk, status__in=ASSISTABLE).allowed()
    if not unanswered.update(**newly_answered(answer=answer, source=SOURCE, now=now)):
        return False
    LookupAttempt.objects.create(
        record_id=record.pk,
        requested_by=actor,
        reason=Reason.ASSISTED,
        source=SOURCE,
        started_at=now,
        ended_at=now,
        outcome=answer.status,
    )
    people.note_entered_answer(person=record.user, actor=actor)
    logger.info("lookup.assisted record=%s actor=%s", record.pk, actor.pk)
    return True


def preview(*, record: CedulaInfo, answer: Answer, now: datetime) -> CedulaInfo:
    """Return the record as the answer would make it, without storing it."""
    return CedulaInfo(user=record.user, **newly_answered(answer=answer, source=SOURCE, now=now))


def official_page() -> str:
    """Return the address of the page that people ask themselves: the first source that is a page."""
    pages = [name for name in roster.names() if KNOWN_SOURCES[name].kind is SourceKind.PAGE]
    return roster.configuration(pages[0] if pages else "registraduria").address


def _may_assist_everybody(viewer: User) -> bool:
    return viewer.is_superuser or (viewer.is_staff and viewer.has_perm(PERMISSION))


def _comes_after(record: CedulaInfo) -> Q:
    """Return the condition for the records after this one in `in_turn`."""
    is_later = Q(next_at__gt=record.next_at) | Q(next_at=record.next_at, pk__gt=record.pk)
    return Q(priority__gt=record.priority) | Q(priority=record.priority) & is_later
