"""Workers that want the same thing at the same moment: each of these is a thread with a connection of its own."""

import time
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from tests import make
from tests.census.slots import times_taken
from tests.census.worker.threads import at_once
from vereda.accounts.models import User
from vereda.census import gate
from vereda.census.gate import Closed, ClosedReason
from vereda.census.models import CedulaInfo, SourceState
from vereda.census.sources.port import FailureKind
from vereda.census.worker import claims, outcomes
from vereda.census.worker.claims import Claim

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 4
ROUNDS = 10


def enter() -> Closed | float:
    return gate.enter("practice", timezone.now())


def test_a_slot_is_taken_by_one_of_many() -> None:
    for _ in range(ROUNDS):
        SourceState.objects.update_or_create(source="practice", defaults={"free_at": 0})
        entered = at_once(WORKERS, enter)
        assert sorted(wait == 0 for wait in entered) == [False] * (WORKERS - 1) + [True]


def test_the_first_slot_of_a_source_that_nobody_knew_is_taken_by_one() -> None:
    for _ in range(ROUNDS):
        SourceState.objects.all().delete()
        entered = at_once(WORKERS, enter)
        assert sorted(wait == 0 for wait in entered) == [False] * (WORKERS - 1) + [True]


def test_no_two_of_many_start_closer_than_the_pace(slots_taken: None, settings: Any) -> None:
    settings.CENSUS_PACE_SECONDS = [0.1]

    def take_some() -> int:
        taken, deadline = 0, time.monotonic() + 2
        while time.monotonic() < deadline:
            wait = enter()
            assert isinstance(wait, float)
            taken += wait == 0
            time.sleep(wait)
        return taken

    counted = sum(at_once(WORKERS, take_some))

    times = times_taken()
    assert len(times) == counted >= 5
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.1


def test_after_a_rest_one_of_many_is_the_probe() -> None:
    for _ in range(ROUNDS):
        rested = {"free_at": 0, "rests": 1, "rests_until": timezone.now() - timedelta(seconds=1), "probe_until": None}
        SourceState.objects.update_or_create(source="practice", defaults=rested)
        entered = at_once(WORKERS, enter)
        assert entered.count(0) == 1
        assert isinstance(closed := enter(), Closed)
        assert closed.reason is ClosedReason.PROBING


def test_a_ceiling_is_not_passed_by_those_who_come_at_once(settings: Any) -> None:
    settings.CENSUS_DAILY_LOOKUPS, settings.CENSUS_PACE_SECONDS = [3], [0.001]

    def keep_entering() -> int:
        waits = [enter() for _ in range(10)]
        return sum(wait == 0 for wait in waits)

    assert sum(at_once(WORKERS, keep_entering)) <= 3
    assert SourceState.objects.get(source="practice").day_lookups <= 3


def test_one_person_is_claimed_by_one_of_many(caro: User) -> None:
    for _ in range(ROUNDS):
        CedulaInfo.objects.update(next_at=timezone.now())
        taken = at_once(WORKERS, lambda: claims.claim(user_id=caro.pk, now=timezone.now()))
        (claimed,) = [claimed for claimed in taken if claimed is not None]
        assert outcomes.release(claimed=claimed, source="practice", now=timezone.now())


def claimed_at_last() -> Claim:
    """Claim whoever is next, waiting for a slot."""
    while isinstance(begun := claims.begin(source="practice", now=timezone.now(), is_alone=True), float):
        SourceState.objects.update(free_at=0)
    return begun


def test_workers_who_take_whoevers_turn_it_is_take_different_people(db: None) -> None:
    people = {make.person().pk for _ in range(WORKERS)}

    taken = at_once(WORKERS, claimed_at_last)

    assert {claimed.user_id for claimed in taken} == people


def test_failures_that_come_at_once_are_all_counted_and_the_source_rests_once(settings: Any) -> None:
    settings.CENSUS_BREAKER_FAILURES = WORKERS
    now = timezone.now()

    rests = at_once(WORKERS, lambda: gate.note_failure("practice", FailureKind.BLOCKED, now))

    state = SourceState.objects.get(source="practice")
    assert (state.troubles, state.rests) == (WORKERS, 1)
    assert rests.count(None) == WORKERS - 1


def test_captchas_of_several_lookups_are_all_put_on_the_days_account() -> None:
    enter()

    at_once(WORKERS, lambda: gate.spend("practice", Decimal("0.003")))

    assert SourceState.objects.get(source="practice").day_dollars == Decimal("0.012")
