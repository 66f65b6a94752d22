"""The lifecycle's decisions, as pure functions of plain values: no database, no clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from vereda.census.sources.port import Answer, Cancelled, FailureKind, Found, NotFound
from vereda.census.sources.reading.novedades import NovedadKind, kind_of
from vereda.census.statuses import Status

MOST_CAPTCHAS = 2
"""Captchas that one lookup may buy, all its attempts together."""

LONGEST_REST_SECONDS = 3600.0

FEWEST_UNREADABLE = 3
"""So many people must have an unreadable page before a site counts as changed: one odd record is not enough."""

UNREADABLE_SHARE = 0.5
"""Their least share of the people who were asked about last."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Ask again after so many seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No retries left: keep this status until somebody asks again."""

    status: Status


def status_of_answer(answer: Answer) -> Status:
    match answer:
        case Found():
            return Status.ACTIVE
        case NotFound():
            return Status.NOT_FOUND
        case Cancelled():
            is_deceased = kind_of(answer.novedad) is NovedadKind.DECEASED
            return Status.CANCELLED_DECEASED if is_deceased else Status.CANCELLED_OTHER
    assert_never(answer)


def status_of_failure(kind: FailureKind) -> Status:
    """Return the status for a record without any answer whose last retry failed."""
    match kind:
        case FailureKind.TIMEOUT:
            return Status.TIMEOUT
        case FailureKind.BLOCKED:
            return Status.BLOCKED
        case FailureKind.NETWORK_ERROR | FailureKind.PARSE_ERROR | FailureKind.CAPTCHA_FAILED:
            return Status.ERROR
    assert_never(kind)


def after_failure(
    *, kind: FailureKind, attempts: int, delays: list[int], answer_status: str, can_buy_captcha: bool = True
) -> Retry | GiveUp:
    """Decide what a failed attempt leads to.

    `attempts` counts this one; `delays` are the seconds before each retry. A failure never overwrites an answer: a
    record that has one goes back to it. A lookup that has used up its captchas is not tried again.
    """
    if attempts <= len(delays) and can_buy_captcha:
        return Retry(delays[attempts - 1])
    return GiveUp(Status(answer_status) if answer_status else status_of_failure(kind))


def is_trouble(kind: FailureKind) -> bool:
    """Whether a failure counts for the circuit breaker. A page that came but could not be read does not."""
    return kind is not FailureKind.PARSE_ERROR


def latest_by_person(attempts: Iterable[tuple[int, str]]) -> dict[int, str]:
    """Return how each person's newest attempt ended, from pairs of a record and an outcome, the newest first.

    So a person with an odd page counts once, however often they were tried, and not any more once it was read.
    """
    latest: dict[int, str] = {}
    for record_id, outcome in attempts:
        latest.setdefault(record_id, outcome)
    return latest


def has_changed_face(*, unreadable: int, people: int) -> bool:
    """Whether a site counts as changed, by how many of the people asked about lately have an unreadable page."""
    return unreadable >= FEWEST_UNREADABLE and unreadable >= people * UNREADABLE_SHARE


def rest_seconds(*, rests: int, first_seconds: float) -> float:
    """Return how long a source rests after so many rests in a row: it doubles, up to an hour."""
    return min(first_seconds * 2.0 ** min(rests, 20), LONGEST_REST_SECONDS)


def claim_seconds(timeout_seconds: float) -> float:
    """Return how long a claim is valid, given the budget of a lookup: 150 s for 90 s.

    Longer than the budget and the storing of the outcome, so that only a broken worker loses a claim.
    """
    return timeout_seconds * 5 / 3
