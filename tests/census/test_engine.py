"""The worker's side: one claim, one lookup, one stored outcome; the ORM on the task's thread only."""

import asyncio
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import SynchronousOnlyOperation
from django.utils import timezone

from vereda.accounts.models import User
from vereda.census import actions, pace
from vereda.census.engine import Engine
from vereda.census.models import LookupAttempt, SourcePace
from vereda.census.sources.fake import FakeSource
from vereda.census.sources.port import LookupHooks, NotFound, Outcome
from vereda.census.statuses import Status

pytestmark = pytest.mark.django_db


class BrokenSource(FakeSource):
    """Raises what no source should."""

    async def lookup(self, cedula: str, hooks: LookupHooks) -> Outcome:
        await hooks.captcha_solved(20.0, Decimal("0.003"))
        raise ZeroDivisionError


class StolenSource(FakeSource):
    """Loses its claim while it asks."""

    def __init__(self, thief: Any) -> None:
        super().__init__()
        self._thief = thief

    async def lookup(self, cedula: str, hooks: LookupHooks) -> Outcome:
        await hooks.before_open()
        await hooks._desk.ask(self._thief)
        return NotFound()


@pytest.fixture
def source() -> FakeSource:
    return FakeSource(name="practice")


@pytest.fixture
def engine(source: FakeSource) -> Iterator[Engine]:
    running = Engine(source)
    yield running
    running.close()


def test_a_person_who_waits_is_looked_up(engine: Engine, source: FakeSource, caro: User) -> None:
    assert engine.look_up(caro.pk) == "found"

    caro.cedula_info.refresh_from_db()
    assert caro.cedula_info.status == Status.ACTIVE
    assert source.started == [caro.cedula]


def test_a_bell_that_rings_twice_asks_once(engine: Engine, source: FakeSource, caro: User) -> None:
    assert [engine.look_up(caro.pk), engine.look_up(caro.pk)] == ["found", "nothing due"]
    assert len(source.started) == 1


def test_a_bell_for_somebody_who_left_does_nothing(engine: Engine, source: FakeSource, db: None) -> None:
    assert engine.look_up(987_654) == "nothing due"
    assert source.started == []


def test_a_bug_of_ours_is_retried_and_not_blamed_on_the_registraduria(caro: User, caplog: Any) -> None:
    engine = Engine(BrokenSource(name="practice"))
    engine.look_up(caro.pk)
    engine.close()

    caro.cedula_info.refresh_from_db()
    assert (caro.cedula_info.status, caro.cedula_info.is_retrying) == (Status.PENDING, True)
    assert "Registraduría" not in caro.cedula_info.error_message
    assert LookupAttempt.objects.get().captcha_cost == Decimal("0.003")
    assert "lookup.broken" in caplog.text
    assert caro.cedula not in caplog.text


def test_without_a_slot_soon_the_lookup_goes_back_uncounted(engine: Engine, source: FakeSource, caro: User) -> None:
    pace.reserve("practice", 0)
    SourcePace.objects.update(free_at=_database_now() + pace.HORIZON_SECONDS + 1)
    assert engine.look_up(caro.pk) == "no slot soon"

    record = caro.cedula_info
    record.refresh_from_db()
    assert (record.status, record.attempts, source.started) == (Status.PENDING, 0, [])
    assert record.next_at > timezone.now()
    assert LookupAttempt.objects.get().outcome == "released"


def _database_now() -> float:
    return timezone.now().timestamp()


def test_a_slot_whose_reservation_was_answered_late_is_not_used(
    engine: Engine, caro: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [(0.0, 0.5), (0.0, 0.0)]

    def slow(*args: Any) -> float:
        seconds, delay = answers.pop(0)
        time.sleep(delay)
        return seconds

    monkeypatch.setattr(pace, "reserve", slow)
    engine.look_up(caro.pk)

    assert answers == []


def test_a_slot_that_leaves_too_little_time_for_a_whole_lookup_is_not_used(
    engine: Engine, source: FakeSource, caro: User, settings: Any
) -> None:
    settings.CENSUS_TIMEOUT_SECONDS = 200

    assert engine.look_up(caro.pk) == "no slot soon"
    assert source.started == []


def test_who_lost_the_claim_stores_nothing(caro: User) -> None:
    def expire() -> None:
        later = timezone.now() + 2 * pace.HORIZON * actions.CLAIM_SECONDS
        actions.rescue(now=later)

    engine = Engine(StolenSource(expire))
    assert engine.look_up(caro.pk) == "claim lost"
    engine.close()

    caro.cedula_info.refresh_from_db()
    assert caro.cedula_info.status == Status.PENDING


def test_the_orm_refuses_the_thread_of_the_browser(engine: Engine, caro: User) -> None:
    async def count_people() -> int:
        return User.objects.count()

    with pytest.raises(SynchronousOnlyOperation):
        asyncio.run_coroutine_threadsafe(count_people(), engine._loop).result(timeout=10)


def test_errands_run_on_the_thread_of_the_task(engine: Engine, caro: User, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    reserve = pace.reserve

    def noting(*args: Any) -> float | None:
        threads.append(threading.current_thread())
        return reserve(*args)

    monkeypatch.setattr(pace, "reserve", noting)
    engine.look_up(caro.pk)

    assert threads == [threading.current_thread()]


def test_threads_of_the_engine_never_keep_a_worker_alive(engine: Engine) -> None:
    loops = [thread for thread in threading.enumerate() if thread.name == "census-loop"]

    assert loops
    assert all(thread.daemon for thread in loops)


def test_a_lookup_writes_its_attempt_with_source_and_times(engine: Engine, caro: User) -> None:
    engine.look_up(caro.pk)

    attempt = LookupAttempt.objects.get()
    assert (attempt.source, attempt.outcome) == ("practice", "found")
    assert attempt.started_at <= attempt.ended_at
