"""Assisted lookup: a person asks the census page themselves, for somebody whom no automatic lookup reaches.

Leaders do so for those they invited; superusers, and staff who may change census records, for everybody. Nobody enters
an answer about themselves. Whoever looked it up stands in the attempt and in the audit trail.
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
"""What staff need, to do this for people whom they did not invite."""


def may_assist(viewer: User) -> bool:
    """Whether somebody may look others up by hand."""
    return viewer.is_leader or _may_assist_everybody(viewer)


def assistable_by(viewer: User) -> CedulaInfoQuerySet:
    """Return the records of those whom the viewer may look up by hand, whatever their state.

    A leader's are found by the record's own copy of who invited, and then must be visible.
    """
    others = CedulaInfo.objects.exclude(user=viewer)
    if _may_assist_everybody(viewer):
        return others
    return others.referrals_of(viewer).visible_to(viewer)


def waiting_for(viewer: User) -> int:
    """Return how many of them have no answer and no worker at it."""
    return assistable_by(viewer).filter(status__in=ASSISTABLE).count()


def next_for(viewer: User, *, after: int | None = None) -> CedulaInfo | None:
    """Return the record of whom to look up next: who waits before who failed, people at a screen first, longest due.

    `after` is a person who is skipped with all before them; it counts only as long as they wait themselves.
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
    """Store what somebody looked up by hand, and who did; False when a worker or an answer came first.

    A request for many that the person waits in goes on: for it they are through, like after any answer.
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
    """Return what storing an answer would make of a record, without storing it."""
    return CedulaInfo(user=record.user, **newly_answered(answer=answer, source=SOURCE, now=now))


def official_page() -> str:
    """Return the address of the page that people ask themselves: of the first source that is one."""
    pages = [name for name in roster.names() if KNOWN_SOURCES[name].kind is SourceKind.PAGE]
    return roster.configuration(pages[0] if pages else "registraduria").address


def _may_assist_everybody(viewer: User) -> bool:
    return viewer.is_superuser or (viewer.is_staff and viewer.has_perm(PERMISSION))


def _comes_after(record: CedulaInfo) -> Q:
    """Return what is true of the records behind this one in `in_turn`."""
    is_later = Q(next_at__gt=record.next_at) | Q(next_at=record.next_at, pk__gt=record.pk)
    return Q(priority__gt=record.priority) | Q(priority=record.priority) & is_later
