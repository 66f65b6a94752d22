"""Deadlines in Colombian business days, with holidays that move to a Monday and those that hang on Easter."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vereda.rights.deadlines import Kind, due_on


@pytest.mark.parametrize(
    ("kind", "received_on", "expected"),
    [
        (Kind.QUERY, date(2026, 2, 2), date(2026, 2, 16)),  # two plain weeks
        (Kind.CLAIM, date(2026, 2, 2), date(2026, 2, 23)),
        (Kind.QUERY, date(2026, 2, 7), date(2026, 2, 20)),  # on a Saturday: the first day is the Monday
        (Kind.QUERY, date(2026, 2, 8), date(2026, 2, 20)),
        (Kind.QUERY, date(2026, 1, 5), date(2026, 1, 20)),  # Reyes is moved to Monday 12
        (Kind.QUERY, date(2026, 3, 20), date(2026, 4, 8)),  # San José on Monday 23, Holy Thursday and Friday
        (Kind.CLAIM, date(2027, 3, 18), date(2027, 4, 13)),  # San José and Holy Week of another year
        (Kind.QUERY, date(2026, 5, 15), date(2026, 6, 1)),  # Ascension, moved to Monday 18
        (Kind.QUERY, date(2026, 6, 5), date(2026, 6, 23)),  # Corpus Christi and Sagrado Corazón, two Mondays in a row
        (Kind.QUERY, date(2026, 7, 17), date(2026, 8, 3)),  # 20 July stays where it is
        (Kind.QUERY, date(2026, 10, 30), date(2026, 11, 17)),  # Todos los Santos and Cartagena
        (Kind.QUERY, date(2026, 12, 3), date(2026, 12, 18)),  # 8 December
        (Kind.CLAIM, date(2026, 12, 22), date(2027, 1, 15)),  # Christmas, New Year and Reyes
    ],
)
def test_the_last_day_is_so_many_business_days_after_the_receipt(kind: Kind, received_on: date, expected: date) -> None:
    assert due_on(kind, received_on) == expected


days = st.dates(date(2024, 1, 1), date(2040, 12, 31))


@given(days, st.sampled_from(Kind))
def test_it_is_a_business_day_itself_and_never_sooner_than_by_the_calendar(received_on: date, kind: Kind) -> None:
    last = due_on(kind, received_on)
    weekdays = [received_on + timedelta(days) for days in range(1, (last - received_on).days + 1)]

    assert last.weekday() < 5
    assert sum(day.weekday() < 5 for day in weekdays) >= kind.business_days
    assert (last - received_on).days <= kind.business_days * 7 / 5 + 12


@given(days, st.sampled_from(Kind))
def test_who_asks_later_is_never_answered_sooner(received_on: date, kind: Kind) -> None:
    assert due_on(kind, received_on + timedelta(days=1)) >= due_on(kind, received_on)


@given(days)
def test_a_claim_takes_longer_than_a_query(received_on: date) -> None:
    assert due_on(Kind.CLAIM, received_on) > due_on(Kind.QUERY, received_on)
