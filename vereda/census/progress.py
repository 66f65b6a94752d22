"""How far a request for many people is: how many are through, and how long the rest may take."""

from dataclasses import dataclass
from datetime import datetime

from vereda.accounts.models import User
from vereda.census import turns
from vereda.census.bulk import running_for
from vereda.census.models import BulkRefresh, CedulaInfo
from vereda.census.turns import Turn


@dataclass(frozen=True, slots=True)
class Progress:
    """A request for many people on its way; `turn` is that of the last of them who is due."""

    bulk_id: int
    total: int
    left: int
    turn: Turn | None

    @property
    def done(self) -> int:
        """How many are through, whatever came of it."""
        return self.total - self.left

    @property
    def percent(self) -> int:
        """How much of it is through."""
        return 100 * self.done // self.total

    @property
    def key(self) -> str:
        """Tells two states apart that look different on the page."""
        return f"{self.bulk_id}.{self.left}.{self.turn.key if self.turn else ''}"


def progress_of(leader: User, now: datetime) -> Progress | None:
    """Return how far the leader's request is, by three queries at most; None when none is under way."""
    running = running_for(leader)
    if running is None:
        return None
    bulk = running.bulk
    last = CedulaInfo.objects.due(now).filter(bulk=bulk).in_turn().defer("raw_response").last()
    return Progress(bulk.pk, bulk.total, running.left, turns.turn_of(last, now) if last else None)


def has_come_through(leader: User, key: str) -> bool:
    """Whether the leader's request that a page shows by its key was not cancelled: nobody of it waits any more."""
    bulk_id = key.partition(".")[0]
    if not (bulk_id.isascii() and bulk_id.isdigit() and len(bulk_id) < 19):
        return False
    return BulkRefresh.objects.filter(pk=int(bulk_id), requested_by=leader, cancelled_at=None).exists()
