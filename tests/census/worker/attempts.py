"""What happens to one record, step by step, without an engine."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from vereda.census.models import CedulaInfo, SourceState
from vereda.census.sources.port import Failure, FailureKind, Found, Outcome
from vereda.census.worker import claims, outcomes
from vereda.census.worker.claims import Claim, NobodyDueError

NOW = datetime(2099, 3, 1, 12, 0, tzinfo=UTC)
CLAIM = timedelta(seconds=150)
"""How long a claim is good for."""
MOST_ATTEMPTS = 4
SECOND = timedelta(seconds=1)
PLACE = Found("PASTO", "IE EL SAUCE", "4", "NARIÑO", "CL 18 # 24-30")
BLOCKED = Failure(FailureKind.BLOCKED, "the site answered with a block page", "<html>…")


def claim(record: CedulaInfo, now: datetime = NOW) -> Claim:
    """Claim a record that is due."""
    claimed = claims.claim(user_id=record.user_id, now=now)
    assert claimed is not None
    return claimed


def claim_next(
    now: datetime = NOW, *, sources: Sequence[str] = ("practice",), is_alone: bool = True
) -> tuple[Claim, str] | None:
    """Claim whoever is next, as a worker does whose page is ready, when a slot is free; say at which source."""
    SourceState.objects.update(free_at=0)
    source = claims.next_turn(sources=sources, now=now, is_alone=is_alone)
    if not isinstance(source, str):
        return None
    try:
        begun = claims.begin(source=source, now=now, is_alone=is_alone)
    except NobodyDueError:
        return None
    assert isinstance(begun, Claim)
    return begun, source


def begin_again(claimed: Claim, now: datetime = NOW) -> Claim:
    """Begin a further request under a claim, when a slot is free."""
    SourceState.objects.update(free_at=0)
    begun = claims.begin_again(claimed=claimed, source="practice", now=now)
    assert isinstance(begun, Claim)
    return begun


def look_up(record: CedulaInfo, outcome: Outcome, now: datetime = NOW) -> CedulaInfo:
    """Let one whole attempt happen."""
    outcomes.record_outcome(claimed=claim(record, now), outcome=outcome, source="practice", now=now)
    record.refresh_from_db()
    return record


def fail_for_good(record: CedulaInfo, failure: Failure = BLOCKED) -> CedulaInfo:
    """Let every attempt fail."""
    for _ in range(MOST_ATTEMPTS):
        record = look_up(record, failure, now=max(NOW, record.next_at))
    assert record.is_final
    return record


def interrupt(claimed: Claim, now: datetime = NOW) -> bool:
    """End a claim by a fault of ours."""
    return outcomes.record_interruption(claimed=claimed, source="practice", now=now, detail="no browser")
