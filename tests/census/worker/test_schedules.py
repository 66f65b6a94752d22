"""A scheduled task that cannot be started keeps Django-Q2's scheduler from starting any; the rescue takes it away."""

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q import scheduler
from django_q.models import OrmQ, Schedule

from vereda.census import queue
from vereda.census.worker import rescue, schedules

pytestmark = pytest.mark.django_db

DUE = timedelta(seconds=10)
DAILY = {"schedule_type": Schedule.DAILY}
MALFORMED: dict[str, dict[str, Any]] = {
    "a date": {"args": "(datetime.date(2026, 1, 1),)"},
    "half a bracket": {"args": "(1,"},
    "a name": {"args": "caro"},
    "a nul": {"args": "1\x01"},
    "an indent": {"args": "1\n  2"},
    "a list as a key": {"args": "{[]: 1}"},
    "deep brackets": {"args": "(" * 5000},
    "many minus signs": {"args": "-" * 100_000 + "1"},
    "keywords that are a list": {"kwargs": "[1]"},
    "keywords that are a number": {"kwargs": "1"},
    "a list as a keyword": {"kwargs": "{[]: 1}"},
    "a number as a keyword": {"kwargs": "{1: 2}"},
    "more than a call": {"kwargs": ") + (1"},
    "the function's own name": {"kwargs": "func=1"},
    "two stars": {"kwargs": "**{}"},
    "options that are a list": {"kwargs": "q_options=[1]"},
    "options that are nothing": {"kwargs": "q_options=None"},
    "the function's own name for the date": {"intended_date_kwarg": "func"},
    "an unknown type": {"schedule_type": "Z"},
    "cron without its package": {"schedule_type": Schedule.CRON, "cron": "* * * * *"},
}
WELL_FORMED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "one number": {"args": "1"},
    "two numbers": {"args": "(1, 2)"},
    "a dictionary": {"kwargs": "{'x': 1}"},
    "keywords": {"kwargs": "x=1, y='a'"},
    "keywords that are no literals": {"kwargs": "x=y"},
    "options": {"kwargs": "q_options={'group': 'x'}"},
    "the date": {"intended_date_kwarg": "at", **DAILY},
    "daily": DAILY,
}


@pytest.fixture
def good(monkeypatch: pytest.MonkeyPatch) -> Schedule:
    """Somebody's retry, which comes last. The scheduler would close the test's connection."""
    monkeypatch.setattr(scheduler, "close_old_django_connections", lambda: None)
    Schedule.objects.all().delete()
    queue.send_at(7, timezone.now() - DUE)
    return Schedule.objects.get()


def made(**fields: Any) -> Any:
    """Return a row that is due before the others."""
    (row,) = Schedule.objects.bulk_create([Schedule(**{"func": "x.y", "next_run": timezone.now() - 2 * DUE, **fields})])
    return row


def started() -> list[str]:
    """Let the scheduler run once, and return what it has put into the queue."""
    OrmQ.objects.all().delete()
    scheduler.scheduler()
    return sorted(message.func() for message in OrmQ.objects.all())


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_row_stops_the_scheduler_until_it_is_disabled(good: Schedule, what: str, caplog: Any) -> None:
    row = made(**MALFORMED[what])
    assert started() == []

    with caplog.at_level(logging.ERROR, logger="vereda"):
        assert schedules.disable_malformed(now=timezone.now()) == 1
    assert started() == [queue.LOOKUP_TASK]
    row.refresh_from_db()
    assert row.repeats == 0
    assert f"schedule.disabled schedule={row.pk} error=" in caplog.text


@pytest.mark.parametrize("what", WELL_FORMED)
def test_a_well_formed_row_is_left_and_started(good: Schedule, what: str) -> None:
    made(**WELL_FORMED[what])

    assert schedules.disable_malformed(now=timezone.now()) == 0
    assert started() == [queue.LOOKUP_TASK, "x.y"]


def test_a_recurring_row_of_the_year_26_would_be_counted_for_ever(good: Schedule) -> None:
    made(schedule_type=Schedule.MINUTES, next_run=datetime(26, 11, 28, tzinfo=timezone.get_current_timezone()))

    assert schedules.disable_malformed(now=timezone.now()) == 1


def test_the_rescue_disables_it_and_what_it_says_holds_nothing_of_it(good: Schedule, caplog: Any) -> None:
    row = made(args="900123456 Caro")
    rescue.rescue_all(now=timezone.now())

    row.refresh_from_db()
    assert row.repeats == 0
    assert "900123456" not in caplog.text


def test_what_is_not_due_is_nobodys_trouble_yet(good: Schedule) -> None:
    made(args="(1,", next_run=timezone.now() + timedelta(hours=1))

    assert schedules.disable_malformed(now=timezone.now()) == 0


def test_the_products_own_schedules_are_whole_again_after_a_migration(good: Schedule) -> None:
    queue.ensure()
    Schedule.objects.filter(name="rescue").update(args="(1,", kwargs="1", intended_date_kwarg="func", repeats=0)
    queue.ensure()

    assert Schedule.objects.filter(name="rescue", args=None, kwargs=None, intended_date_kwarg=None, repeats=-1).exists()
