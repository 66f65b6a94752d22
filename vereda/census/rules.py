"""The lifecycle's decisions, as pure functions of plain values: no database, no clock."""

from dataclasses import dataclass
from typing import assert_never

from vereda.census.sources.novedades import NovedadKind, kind_of
from vereda.census.sources.port import Answer, Cancelled, FailureKind, Found, NotFound
from vereda.census.statuses import Status

MOST_CAPTCHAS = 2
"""Captchas that one lookup may buy, all its attempts together."""

LONGEST_REST_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Retry:
    """Ask again after so many seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No retries left: stand at this status until somebody asks again."""

    status: Status


def status_of_answer(answer: Answer) -> Status:
    """Return the status that an answer gives a record."""
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
    """Return the status of a record that never had an answer and whose last retry failed."""
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

    `attempts` counts this one; `delays` are the seconds before each retry. A failure never overwrites an answer:
    with one at hand the record goes back to it. A lookup that has spent its captchas is not tried again.
    """
    if attempts <= len(delays) and can_buy_captcha:
        return Retry(delays[attempts - 1])
    return GiveUp(Status(answer_status) if answer_status else status_of_failure(kind))


def is_trouble(kind: FailureKind) -> bool:
    """Whether a failure speaks of the way to the source, and not of a page that came but could not be read."""
    return kind is not FailureKind.PARSE_ERROR


def rest_seconds(*, rests: int, first_seconds: float) -> float:
    """Return how long a source rests after so many rests in a row: doubling, an hour at most."""
    return min(first_seconds * 2.0 ** min(rests, 20), LONGEST_REST_SECONDS)


def claim_seconds(timeout_seconds: float) -> float:
    """Return how long a claim is good for, given the budget of a lookup: 150 s for 90 s.

    Longer than the budget and the storing of its outcome, so that only a worker in trouble ever loses a claim.
    """
    return timeout_seconds * 5 / 3
