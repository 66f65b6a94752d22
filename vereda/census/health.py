"""Does the database answer, and can the census site's pages still be read? `troubles.py` has all that may be wrong.

A site has changed its face when its pages come but cannot be read. Blocks and outages do not count. The alarm ends by
itself once pages are read again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection

from vereda.census import rules
from vereda.census.models import CedulaInfo, LookupAttempt, SourceState

WINDOW = timedelta(hours=24)
LATEST_ATTEMPTS = 30

_WITH_A_PAGE = (
    LookupAttempt.Outcome.FOUND,
    LookupAttempt.Outcome.CANCELLED,
    LookupAttempt.Outcome.NOT_FOUND,
    LookupAttempt.Outcome.PARSE_ERROR,
)


def is_database_up() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Face:
    """What the latest attempts say of a source's pages: how many people, and which records had an unreadable page."""

    source: str
    people: int
    unreadable: tuple[int, ...]

    @property
    def has_changed(self) -> bool:
        """Whether the site counts as changed."""
        return rules.has_changed_face(unreadable=len(self.unreadable), people=self.people)

    def last_evidence(self) -> CedulaInfo | None:
        """Return the record with the newest unreadable reply."""
        records = CedulaInfo.objects.with_evidence().filter(pk__in=self.unreadable)
        return records.order_by("-evidence_at").first()


def faces(now: datetime) -> list[Face]:
    """Return the face of every source that a lookup was ever started at, by one short query for each."""
    return [face_of(source, now) for source in SourceState.objects.order_by("source").values_list("source", flat=True)]


def changed_faces(now: datetime) -> list[Face]:
    return [face for face in faces(now) if face.has_changed]


def face_of(source: str, now: datetime) -> Face:
    attempts = LookupAttempt.objects.filter(source=source, outcome__in=_WITH_A_PAGE, started_at__gte=now - WINDOW)
    newest = attempts.order_by("-started_at").values_list("record_id", "outcome")[:LATEST_ATTEMPTS]
    latest = rules.latest_by_person(newest)
    unreadable = [record for record, outcome in latest.items() if outcome == LookupAttempt.Outcome.PARSE_ERROR]
    return Face(source, len(latest), tuple(unreadable))
