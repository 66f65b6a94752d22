"""The pace at one source, by the database's clock."""

import time
from itertools import pairwise

import pytest

from vereda.census import pace
from vereda.census.models import SourcePace

pytestmark = pytest.mark.django_db


def test_the_first_slot_is_now() -> None:
    assert pace.reserve("practice", 5) == 0


def test_each_further_slot_is_a_pace_later() -> None:
    slots = [pace.reserve("practice", 5) for _ in range(4)]

    gaps = [later - earlier for earlier, later in pairwise(slot for slot in slots if slot is not None)]
    assert len(gaps) == 3
    assert all(gap == pytest.approx(5 + pace.MARGIN_SECONDS, abs=0.1) for gap in gaps)


def test_each_source_has_a_pace_of_its_own() -> None:
    pace.reserve("practice", 5)

    assert pace.reserve("another", 5) == 0


def test_a_slot_too_far_away_is_not_taken() -> None:
    taken = [pace.reserve("practice", 15) for _ in range(5)]

    assert [slot is None for slot in taken] == [False, False, True, True, True]


def test_a_source_left_alone_is_free_at_once() -> None:
    SourcePace.objects.create(source="practice", free_at=time.time() - 3600)

    assert pace.reserve("practice", 5) == 0


def test_a_clock_that_jumped_backwards_stalls_nothing() -> None:
    SourcePace.objects.create(source="practice", free_at=time.time() + 3600)

    assert pace.reserve("practice", 5) == 0
