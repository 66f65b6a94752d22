"""People without a record, of a fixture or made in bulk: the rescue gives them one, without reading everybody."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from vereda.accounts.models import User
from vereda.census.models import CedulaInfo
from vereda.census.statuses import UNAUTHORISED
from vereda.census.worker import rescue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def from_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rescue._round, "done", 0)


def made_in_bulk(count: int, **fields: Any) -> list[User]:
    numbers = range(920_000_001, 920_000_001 + count)
    return User.objects.bulk_create(
        User(cedula=str(number), full_name="Alguien", referral_code=f"B{number % 10_000:05}", **fields)
        for number in numbers
    )


def lacking() -> int:
    return User.objects.filter(cedula_info=None).count()


def test_who_was_made_in_bulk_gets_a_record_that_asks_nothing() -> None:
    (nora,) = made_in_bulk(1)
    rescue.rescue_all(now=timezone.now())

    assert CedulaInfo.objects.get(user=nora).status == UNAUTHORISED


def test_who_is_not_active_gets_none() -> None:
    made_in_bulk(1, is_active=False)
    rescue.rescue_all(now=timezone.now())

    assert lacking() == 1


@pytest.mark.parametrize("looked_at", [1, 3, 100])
def test_after_some_rounds_everybody_has_one(monkeypatch: pytest.MonkeyPatch, looked_at: int) -> None:
    monkeypatch.setattr(rescue, "PEOPLE_PER_RESCUE", looked_at)
    monkeypatch.setattr(rescue, "NEW_RECORDS", 4)
    made_in_bulk(10)
    for _ in range(User.objects.count() + 1):
        rescue.rescue_all(now=timezone.now())

    assert lacking() == 0


def test_after_a_round_the_next_begins_with_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rescue, "PEOPLE_PER_RESCUE", 2)
    people = made_in_bulk(3)
    for _ in range(User.objects.count() + 1):
        rescue.rescue_all(now=timezone.now())
    CedulaInfo.objects.filter(user=people[0]).delete()
    for _ in range(User.objects.count() + 1):
        rescue.rescue_all(now=timezone.now())

    assert lacking() == 0


def test_looking_for_them_uses_indexes_alone() -> None:
    made_in_bulk(5)
    rescue.rescue_all(now=timezone.now())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # a handful of rows is read as a whole otherwise
        with CaptureQueriesContext(
            connection,
        ) as asked:
            rescue._create_missing_records()
        for query in [query["sql"] for query in asked.captured_queries if query["sql"].startswith("SELECT")]:
            cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{query}")
            plan = str(cursor.fetchall())
            assert "SCAN" not in plan if connection.vendor == "sqlite" else "Seq Scan" not in plan, plan
