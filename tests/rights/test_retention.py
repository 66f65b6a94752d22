"""What goes by itself once it has been kept long enough."""

from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.models import Schedule, Task

from tests.census.worker.attempts import PLACE, look_up
from vereda.accounts import tombstones
from vereda.accounts.models import PersonSession, User
from vereda.census.models import CedulaInfo, LookupAttempt, Worker
from vereda.census.worker import heartbeat
from vereda.rights import retention, tasks, vacuum

DAY = timedelta(days=1)
NOW = timezone.now()


@pytest.fixture
def record(caro: User) -> CedulaInfo:
    return caro.cedula_info


def attempt(record: CedulaInfo, days_ago: float) -> LookupAttempt:
    at = NOW - days_ago * DAY
    return LookupAttempt.objects.create(record=record, started_at=at, ended_at=at, outcome="found", source="x")


def test_attempts_go_after_their_days_and_the_answer_stays(record: CedulaInfo, settings: Any) -> None:
    settings.ATTEMPTS_DAYS = 365
    look_up(record, PLACE)
    LookupAttempt.objects.all().delete()
    attempt(record, 365.001)
    young = attempt(record, 364.999)

    assert retention.purge(now=NOW).attempts == 1
    assert list(LookupAttempt.objects.all()) == [young]
    assert CedulaInfo.objects.get(pk=record.pk).puesto == PLACE.puesto


def test_the_setting_decides_for_how_long(record: CedulaInfo, settings: Any) -> None:
    settings.ATTEMPTS_DAYS = 7
    attempt(record, 8)
    attempt(record, 6)

    assert retention.purge(now=NOW).attempts == 1


def test_more_than_go_at_a_time(record: CedulaInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        attempt(record, 400)

    assert retention.purge(now=NOW).attempts == 5


def test_evidence_and_sessions_go_too(record: CedulaInfo) -> None:
    CedulaInfo.objects.filter(pk=record.pk).update(raw_response="<p>", evidence_at=NOW - 31 * DAY)
    for key, days in (("old", -1), ("young", 1)):
        PersonSession.objects.create(session_key=key, expire_date=NOW + days * DAY, session_data="")

    purged = retention.purge(now=NOW)
    assert (purged.evidence, purged.traces) == (1, 1)
    assert [session.session_key for session in PersonSession.objects.all()] == ["young"]


def test_the_command_says_how_much_went(record: CedulaInfo) -> None:
    attempt(record, 400)
    out = StringIO()
    call_command("purge", stdout=out)

    assert out.getvalue() == "removed: 0 replies, 1 attempts, 0 traces of logins, 0 tasks\n"


def test_the_daily_task_may_run_twice_and_is_a_sign_of_life(record: CedulaInfo) -> None:
    attempt(record, 400)

    assert [tasks.purge() for _ in range(2)] == [
        "0 replies, 1 attempts, 0 traces of logins, 0 tasks",
        "0 replies, 0 attempts, 0 traces of logins, 0 tasks",
    ]
    assert [worker.key for worker in Worker.objects.alive(timezone.now())] == [heartbeat.own_key()]


def failed(days_ago: float, *, success: bool = False) -> str:
    """Leave a task of the queue that ended so long ago; return its id."""
    at = NOW - days_ago * DAY
    key = uuid4().hex
    return str(Task.objects.create(id=key, name=key, func="x.y", started=at, stopped=at, success=success).pk)


def test_failed_tasks_go_after_a_week_and_those_that_succeeded_are_the_queues_own(db: None) -> None:
    failed(7.01)
    kept = {failed(6.99), failed(30, success=True)}

    assert retention.purge(now=NOW).tasks == 1
    assert set(Task.objects.values_list("pk", flat=True)) == kept


def test_one_time_schedules_that_nobody_ran_go_after_a_week(db: None) -> None:
    recurring = set(Schedule.objects.values_list("pk", flat=True))
    for days, repeats, cluster in ((8, 0, None), (8, -1, "another"), (6, 0, None), (-1, -1, None)):
        Schedule.objects.create(func="x.y", next_run=NOW - days * DAY, repeats=repeats, cluster=cluster)
    old = Schedule.objects.create(func="x.y", schedule_type=Schedule.DAILY, next_run=NOW - 30 * DAY)

    assert retention.purge(now=NOW).tasks == 2
    left = Schedule.objects.exclude(pk__in=recurring | {old.pk})
    assert sorted((NOW - row.next_run).days for row in left) == [-1, 6]


@pytest.mark.django_db
def test_migrating_twice_leaves_one_purge_a_day_in_place_of_the_two_of_before() -> None:
    for name in ("purge-evidence", "purge-traces"):
        Schedule.objects.create(name=name, func="vereda.census.tasks.gone")
    retention.ensure_schedule()
    retention.ensure_schedule()

    purge = Schedule.objects.get(name__startswith="purge")
    assert (purge.func, purge.schedule_type, purge.repeats) == ("vereda.rights.tasks.purge", Schedule.DAILY, -1)


@pytest.mark.parametrize(("days", "is_rewritten"), [(0.1, True), (1.9, True), (2.1, False)])
def test_the_file_is_written_anew_only_after_an_erasure(
    db: None, monkeypatch: pytest.MonkeyPatch, days: float, is_rewritten: bool
) -> None:
    done: list[str] = []
    for name in ("rewrite", "empty_log"):
        monkeypatch.setattr(vacuum, name, lambda name=name: done.append(name))
    tombstones.remember("900777201", at=NOW - days * DAY)
    retention.purge(now=NOW)

    assert done == (["rewrite"] if is_rewritten else ["empty_log"])
