"""What a lookup does with several sources: the first answer counts; the next is asked only if one is unreachable."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import make
from tests.census.conftest import Start
from tests.census.sources.fake import FakeSource
from tests.census.worker.several import AWAY, FIRST, HOUR, LAST, PLACE, SOURCES, SPARE, put, state
from vereda.accounts.models import User
from vereda.census.models import CedulaInfo, LookupAttempt
from vereda.census.sources.port import Cancelled, Failure, FailureKind, LookupHooks, NotFound, Outcome
from vereda.census.statuses import Status

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def configured(settings: Any) -> None:
    settings.CENSUS_SOURCE = SOURCES


@pytest.fixture
def nora(transactional_db: None) -> User:
    """The only one who waits."""
    return make.person("Nora Sinisterra")


def tried() -> list[tuple[str, str]]:
    """Who was asked and what came of it, the first one first."""
    return list(LookupAttempt.objects.order_by("pk").values_list("source", "outcome"))


def source(name: str, user: User, outcome: Outcome) -> FakeSource:
    return FakeSource({user.cedula: outcome}, name=name)


@pytest.mark.parametrize("answer", [PLACE, NotFound(), Cancelled("Cancelada por Muerte")])
def test_an_answer_of_the_first_source_is_never_checked_against_another(
    start: Start, nora: User, answer: Outcome
) -> None:
    spare = source(SPARE, nora, PLACE)
    start(source(FIRST, nora, answer), spare).look_up(nora.pk)

    assert spare.started == []
    record = CedulaInfo.objects.get(user=nora)
    assert (record.answer_source, tried()) == (FIRST, [(FIRST, answer.status)])


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failure_of_a_source_that_was_reached_is_not_taken_to_another(
    start: Start, nora: User, kind: FailureKind
) -> None:
    spare = source(SPARE, nora, PLACE)
    start(source(FIRST, nora, Failure(kind, "no answer")), spare).look_up(nora.pk)

    assert spare.started == []
    assert tried() == [(FIRST, kind)]


def test_while_the_first_source_is_out_of_reach_the_next_one_answers(start: Start, nora: User, settings: Any) -> None:
    settings.CENSUS_PACE_SECONDS = [5]  # a slot that is heard of half a pace late is taken again
    start(source(FIRST, nora, AWAY), source(SPARE, nora, PLACE)).look_up(nora.pk)

    record = CedulaInfo.objects.get(user=nora)
    assert (record.status, record.answer_source, record.attempts) == (Status.ACTIVE, SPARE, 1)
    assert tried() == [(FIRST, "network_error"), (SPARE, "found")]
    assert (state(FIRST).troubles, state(SPARE).troubles) == (1, 0)
    assert [state(name).day_lookups for name in (FIRST, SPARE)] == [1, 1]


def test_an_answer_of_the_next_source_is_the_end_whatever_it_says(start: Start, nora: User) -> None:
    last = source(LAST, nora, PLACE)
    start(source(FIRST, nora, AWAY), source(SPARE, nora, NotFound()), last).look_up(nora.pk)

    assert last.started == []
    assert CedulaInfo.objects.get(user=nora).status == Status.NOT_FOUND


def test_a_source_between_them_that_rests_is_not_asked(start: Start, nora: User) -> None:
    put(SPARE, rests=1, rests_until=timezone.now() + HOUR)
    spare = source(SPARE, nora, PLACE)
    start(source(FIRST, nora, AWAY), spare, source(LAST, nora, PLACE)).look_up(nora.pk)

    assert spare.started == []
    assert tried() == [(FIRST, "network_error"), (LAST, "found")]


def test_with_all_of_them_out_of_reach_the_lookup_fails_once_and_is_tried_again_later(start: Start, nora: User) -> None:
    before = timezone.now()
    start(*(source(name, nora, AWAY) for name in SOURCES)).look_up(nora.pk)

    record = CedulaInfo.objects.get(user=nora)
    assert (record.status, record.attempts) == (Status.PENDING, 1)
    assert record.next_at > before + timedelta(seconds=50)
    assert tried() == [(name, "network_error") for name in SOURCES]


def test_a_source_that_rests_is_not_even_tried(start: Start, nora: User) -> None:
    put(FIRST, rests=1, rests_until=timezone.now() + HOUR)
    first = source(FIRST, nora, PLACE)
    start(first, source(SPARE, nora, PLACE)).look_up(nora.pk)

    assert first.started == []
    assert tried() == [(SPARE, "found")]


def test_a_probe_that_finds_its_source_still_away_is_answered_by_the_next(start: Start, nora: User) -> None:
    put(FIRST, rests=2, rests_until=timezone.now() - HOUR)
    start(source(FIRST, nora, AWAY), source(SPARE, nora, PLACE)).look_up(nora.pk)

    assert CedulaInfo.objects.get(user=nora).status == Status.ACTIVE
    assert state(FIRST).probe_until is not None or state(FIRST).rests_until is not None


def test_a_captcha_that_was_bought_for_one_source_is_not_used_at_another(start: Start, nora: User) -> None:
    told: list[tuple[str, str]] = []

    class Curious(FakeSource):
        async def lookup(self, hooks: LookupHooks) -> Outcome:
            outcome = await super().lookup(hooks)
            told.append((self.name, hooks.captcha_task))
            return outcome

    CedulaInfo.objects.update(captchas=1, captcha_task="79000000001", captcha_source=FIRST)
    start(Curious({nora.cedula: AWAY}, name=FIRST), Curious({nora.cedula: PLACE}, name=SPARE)).look_up(nora.pk)

    assert told == [(FIRST, "79000000001"), (SPARE, "")]


def test_a_claim_that_was_lost_meanwhile_asks_no_other_source(start: Start, nora: User) -> None:
    class Slow(FakeSource):
        async def lookup(self, hooks: LookupHooks) -> Outcome:
            outcome = await super().lookup(hooks)
            await engine._orm.run(lambda: CedulaInfo.objects.update(claim_token="0" * 32))
            return outcome

    spare = source(SPARE, nora, PLACE)
    engine = start(Slow({nora.cedula: AWAY}, name=FIRST), spare)

    assert engine.look_up(nora.pk) == "claim lost"
    assert spare.started == []
