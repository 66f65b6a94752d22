"""A failure is never a verdict on a person and never overwrites an answer; rests double, up to an hour."""

from itertools import product

import pytest

from vereda.census import rules
from vereda.census.sources.port import Answer, Cancelled, FailureKind, Found, NotFound
from vereda.census.statuses import ANSWERS, FAILURES, Status

DELAYS = [60, 300, 900]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Found("PASTO", "IE EL SAUCE", "4"), Status.ACTIVE),
        (NotFound(), Status.NOT_FOUND),
        (Cancelled("Cancelada por Muerte"), Status.CANCELLED_DECEASED),
        (Cancelled("CANCELADA POR MUERTE"), Status.CANCELLED_DECEASED),
        (Cancelled("Cancelada por Doble Cedulación"), Status.CANCELLED_OTHER),
        (Cancelled("Vigente con Perdida o Suspension de los Derechos Politicos"), Status.CANCELLED_OTHER),
        (Cancelled("Algo que nadie ha visto"), Status.CANCELLED_OTHER),
    ],
)
def test_each_answer_has_its_status(answer: Answer, status: Status) -> None:
    assert rules.status_of_answer(answer) == status


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 60), (2, 300), (3, 900)])
def test_a_failure_is_retried_after_a_minute_five_and_fifteen(attempts: int, seconds: int) -> None:
    decision = rules.after_failure(kind=FailureKind.TIMEOUT, attempts=attempts, delays=DELAYS, answer_status="")

    assert decision == rules.Retry(seconds)


@pytest.mark.parametrize("kind", FailureKind)
def test_the_last_failure_of_a_person_never_answered_is_a_failure(kind: FailureKind) -> None:
    decision = rules.after_failure(kind=kind, attempts=4, delays=DELAYS, answer_status="")

    assert isinstance(decision, rules.GiveUp)
    assert decision.status in FAILURES


@pytest.mark.parametrize(("kind", "answer_status"), [*product(FailureKind, ANSWERS)])
def test_the_last_failure_of_a_person_answered_before_leaves_that_answer(
    kind: FailureKind, answer_status: Status
) -> None:
    decision = rules.after_failure(kind=kind, attempts=4, delays=DELAYS, answer_status=answer_status)

    assert decision == rules.GiveUp(answer_status)


def test_a_lookup_that_has_spent_its_captchas_is_not_tried_again() -> None:
    decision = rules.after_failure(
        kind=FailureKind.CAPTCHA_FAILED, attempts=1, delays=DELAYS, answer_status="", can_buy_captcha=False
    )

    assert decision == rules.GiveUp(Status.ERROR)


@pytest.mark.parametrize("answer_status", ANSWERS)
def test_captchas_spent_in_vain_leave_the_last_answer(answer_status: Status) -> None:
    decision = rules.after_failure(
        kind=FailureKind.CAPTCHA_FAILED, attempts=1, delays=DELAYS, answer_status=answer_status, can_buy_captcha=False
    )

    assert decision == rules.GiveUp(answer_status)


def test_without_delays_the_first_failure_is_the_last() -> None:
    decision = rules.after_failure(kind=FailureKind.TIMEOUT, attempts=1, delays=[], answer_status="")

    assert decision == rules.GiveUp(Status.TIMEOUT)


@pytest.mark.parametrize("kind", FailureKind)
def test_only_a_page_that_came_and_could_not_be_read_is_no_trouble_on_the_way(kind: FailureKind) -> None:
    assert rules.is_trouble(kind) == (kind is not FailureKind.PARSE_ERROR)


@pytest.mark.parametrize(
    ("unreadable", "people", "has_changed"),
    [
        (0, 0, False),
        (0, 30, False),
        (1, 1, False),
        (2, 2, False),
        (3, 3, True),
        (3, 6, True),
        (3, 7, False),
        (14, 30, False),
        (15, 30, True),
        (30, 30, True),
    ],
)
def test_a_site_has_changed_when_at_least_three_people_and_half_of_all_got_an_unreadable_page(
    unreadable: int, people: int, has_changed: bool
) -> None:
    assert rules.has_changed_face(unreadable=unreadable, people=people) is has_changed


@pytest.mark.parametrize(
    ("attempts", "latest"),
    [
        ([], {}),
        ([(1, "found")], {1: "found"}),
        ([(1, "parse_error"), (1, "found"), (2, "found")], {1: "parse_error", 2: "found"}),
        ([(1, "found"), (2, "found"), (1, "parse_error"), (1, "parse_error")], {1: "found", 2: "found"}),
    ],
)
def test_of_each_person_the_newest_attempt_counts(attempts: list[tuple[int, str]], latest: dict[int, str]) -> None:
    assert rules.latest_by_person(attempts) == latest


def test_each_rest_in_a_row_is_twice_as_long_until_an_hour() -> None:
    seconds = [rules.rest_seconds(rests=rests, first_seconds=120) for rests in range(7)]

    assert seconds == [120, 240, 480, 960, 1920, 3600, 3600]


def test_a_rest_is_an_hour_at_most_after_however_many() -> None:
    assert rules.rest_seconds(rests=10_000, first_seconds=0.5) == 3600


def test_a_claim_outlives_the_budget_of_a_lookup_and_the_queues_own_limit() -> None:
    assert rules.claim_seconds(90) == 150
