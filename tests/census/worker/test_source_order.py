"""Several sources: the first one is asked; the next only while that is unreachable, rests or is paused."""

import math
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.census.worker.attempts import NOW, claim, claim_next
from tests.census.worker.several import AWAY, FIRST, HOUR, LAST, SOURCES, SPARE, put, state
from vereda.accounts.models import User
from vereda.census import gate, roster, turns
from vereda.census.gate import Closed
from vereda.census.models import CedulaInfo
from vereda.census.sources.port import Failure, FailureKind
from vereda.census.statuses import ClosedReason, Status
from vereda.census.worker import claims, heartbeat, outcomes

CLOSED = {
    "rests": {"rests": 1, "rests_until": NOW + HOUR},
    "is being tried": {"rests": 1, "rests_until": NOW - HOUR, "probe_until": NOW + HOUR},
    "was switched off": {"is_paused": True},
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def configured(settings: Any) -> None:
    settings.CENSUS_SOURCE = SOURCES


def test_the_first_source_is_asked_while_it_is_open() -> None:
    assert gate.open_source(SOURCES, NOW) == FIRST


@pytest.mark.parametrize("why", CLOSED)
def test_the_next_source_is_asked_while_the_first(why: str) -> None:
    put(FIRST, **CLOSED[why])

    assert gate.open_source(SOURCES, NOW) == SPARE


def test_two_sources_may_be_skipped() -> None:
    put(FIRST, **CLOSED["rests"])
    put(SPARE, **CLOSED["was switched off"])

    assert gate.open_source(SOURCES, NOW) == LAST


@pytest.mark.parametrize("spent", [{"day_lookups": 7}, {"day_dollars": Decimal(20)}], ids=["lookups", "money"])
def test_a_ceiling_is_not_gone_around(settings: Any, spent: dict[str, Any]) -> None:
    settings.CENSUS_DAILY_LOOKUPS = [7, 9]
    put(FIRST, day=date(2099, 3, 1), **spent)

    source = gate.open_source(SOURCES, NOW)
    assert isinstance(source, Closed)
    assert source.reason in {ClosedReason.LOOKUPS_SPENT, ClosedReason.MONEY_SPENT}


def test_with_all_of_them_closed_it_is_said_which_opens_first() -> None:
    put(FIRST, is_paused=True)
    put(SPARE, rests=1, rests_until=NOW + 2 * HOUR)
    put(LAST, rests=1, rests_until=NOW + HOUR)

    assert gate.open_source(SOURCES, NOW) == Closed(ClosedReason.RESTING, NOW + HOUR)


def test_each_source_has_its_own_pace_and_ceiling(settings: Any) -> None:
    settings.CENSUS_PACE_SECONDS, settings.CENSUS_DAILY_LOOKUPS = [5, 1], [900, None, 7]

    assert [roster.pace_seconds(name) for name in SOURCES] == [5, 1, 1]
    assert [roster.daily_lookups(name) for name in SOURCES] == [900, None, 7]


def test_a_slot_at_one_source_takes_none_at_another(settings: Any) -> None:
    settings.CENSUS_PACE_SECONDS = [50]

    assert gate.enter(FIRST, NOW) == 0
    assert gate.enter(SPARE, NOW) == 0
    waits = [gate.enter(name, NOW) for name in SOURCES[:2]]
    assert all(isinstance(wait, float) and wait > 40 for wait in waits)


def test_a_claim_comes_with_the_source_to_begin_with(caro: User) -> None:
    put(FIRST, **CLOSED["rests"])

    taken = claim_next(sources=SOURCES)
    assert taken is not None
    assert taken[1] == SPARE


def test_nobody_is_claimed_while_every_source_is_closed(caro: User) -> None:
    for name in SOURCES:
        put(name, **CLOSED["was switched off"])

    assert claim_next(sources=SOURCES) is None
    assert claims.next_turn(sources=SOURCES, now=NOW, is_alone=True) == math.inf


def test_whoever_makes_a_source_rest_is_asked_about_at_the_next_one_at_once(caro: User, settings: Any) -> None:
    settings.CENSUS_BREAKER_FAILURES = 1
    blocked = Failure(FailureKind.BLOCKED, "the site blocked us (HTTP 200)")
    gate.state_of(FIRST)

    outcomes.record_outcome(claimed=claim(caro.cedula_info), outcome=blocked, source=FIRST, now=NOW)
    record = CedulaInfo.objects.get(user=caro)
    assert (record.status, record.next_at, record.attempts) == (Status.PENDING, NOW, 0)
    taken = claim_next(sources=SOURCES)
    assert taken is not None
    assert taken[1] == SPARE


def test_without_another_source_they_wait_for_the_rests_end(caro: User, settings: Any) -> None:
    settings.CENSUS_BREAKER_FAILURES, settings.CENSUS_SOURCE = 1, [FIRST]
    gate.state_of(FIRST)

    outcomes.record_outcome(claimed=claim(caro.cedula_info), outcome=AWAY, source=FIRST, now=NOW)
    record = CedulaInfo.objects.get(user=caro)
    assert record.next_at == state(FIRST).rests_until


@pytest.fixture(autouse=True)
def worker(db: None) -> None:
    heartbeat.register("host-1", 1, now=NOW)
    for name in SOURCES:
        gate.state_of(name)


def test_somebody_who_waits_is_told_the_pace_of_the_source_that_is_open(caro: User, settings: Any) -> None:
    settings.CENSUS_PACE_SECONDS = [600, 1]
    for name in (FIRST, SPARE):
        put(name, usual_seconds=2)
    turn = turns.turn_of(caro.cedula_info, NOW)
    assert turn is not None
    slow = turn.seconds
    put(FIRST, rests=1, rests_until=NOW + HOUR)

    turn = turns.turn_of(caro.cedula_info, NOW)
    assert turn is not None
    assert (bool(turn.position), turn.notice) == (True, "")
    assert turn.seconds < slow


def test_only_when_every_source_is_closed_it_is_said_until_when(caro: User) -> None:
    for hours, name in enumerate(SOURCES, start=1):
        put(name, rests=1, rests_until=NOW + hours * HOUR)

    turn = turns.turn_of(caro.cedula_info, NOW)
    assert turn is not None
    assert turn.until == NOW + HOUR
    notice = turns.notice(NOW)
    assert notice is not None
    assert notice.until == NOW + HOUR


def test_it_takes_one_query_however_many_sources_there_are(caro: User, django_assert_num_queries: Any) -> None:
    record = caro.cedula_info

    with django_assert_num_queries(1):
        assert turns.turn_of(record, NOW) is not None
