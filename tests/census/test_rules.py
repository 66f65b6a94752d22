"""A failure is never a verdict on a person, and never overwrites an answer."""

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
