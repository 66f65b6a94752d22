"""The engine: lookups in flight, started as the pace allows and ended when the worker must stop."""

import asyncio
import threading
import time
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import SynchronousOnlyOperation
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from tests import make
from tests.census.conftest import Start
from tests.census.slots import times_taken
from tests.census.sources.fake import FakeSource
from tests.census.worker.engines import HeldSource, count, drain, next_slot_in, status_of, wait_until
from vereda.accounts import consents
from vereda.accounts.models import Purpose, User
from vereda.census import gate
from vereda.census.models import CedulaInfo, LookupAttempt, SourceState, Worker
from vereda.census.sources.port import Failure, FailureKind, Fault, LookupHooks, Outcome
from vereda.census.statuses import Status
from vereda.census.worker import claims, heartbeat, outcomes
from vereda.census.worker import engine as engines

pytestmark = pytest.mark.django_db(transaction=True)

A_WHILE = 0.4
"""Several paces, in seconds: long enough for what must not happen."""


@pytest.fixture
def source() -> FakeSource:
    return FakeSource(name="practice")


@pytest.fixture
def held() -> HeldSource:
    return HeldSource()


@pytest.fixture
def nora(transactional_db: None) -> User:
    """The first who waits."""
    return make.person("Nora Sinisterra")


def people(number: int) -> list[int]:
    """Return the ids of people who wait, in turn."""
    return [make.person().pk for _ in range(number)]


def statuses_of(user_ids: list[int]) -> list[Status]:
    return [status_of(user_id) for user_id in user_ids]


def test_a_person_who_waits_is_looked_up(start: Start, source: FakeSource, nora: User) -> None:
    engine = start(source)

    assert engine.look_up(nora.pk) == "found"
    assert status_of(nora.pk) == Status.ACTIVE
    assert source.started == [nora.cedula]


def test_a_message_that_comes_twice_or_for_nobody_asks_once(start: Start, source: FakeSource, nora: User) -> None:
    engine = start(source)

    assert engine.look_up(nora.pk) == "found"
    for _ in range(3):
        engine.wake()
    time.sleep(A_WHILE)
    assert len(source.started) == 1


def test_who_comes_while_others_are_in_flight_is_started_at_the_next_slot(
    start: Start, held: HeldSource, nora: User
) -> None:
    engine = start(held)
    wait_until(lambda: held.started)
    for number in range(2, 5):
        make.person()
        engine.wake()
        wait_until(lambda number=number: len(held.started) == number, seconds=2)


def test_who_is_not_due_is_left_alone_though_others_are_in_flight(start: Start, held: HeldSource, nora: User) -> None:
    engine = start(held)
    wait_until(lambda: held.started)
    later = make.person()
    CedulaInfo.objects.filter(user=later).update(next_at=timezone.now() + timedelta(minutes=1))
    engine.wake()
    time.sleep(A_WHILE)

    assert (status_of(nora.pk), status_of(later.pk)) == (Status.PROCESSING, Status.PENDING)


def test_as_many_overlap_as_may_be_in_flight_and_never_more(start: Start, held: HeldSource, settings: Any) -> None:
    settings.CENSUS_IN_FLIGHT = 3
    waiting = people(5)
    engine = start(held)
    wait_until(lambda: len(held.started) == 3)
    engine.wake()
    time.sleep(A_WHILE)

    assert (len(held.started), count(Status.PROCESSING), count(Status.PENDING)) == (3, 3, 2)

    held.let_go(engine)
    assert [engine.look_up(user_id) for user_id in waiting] == ["found"] * 5
    assert held.most == 3


def test_one_in_flight_looks_people_up_one_after_the_other(start: Start, held: HeldSource, settings: Any) -> None:
    settings.CENSUS_IN_FLIGHT = 1
    waiting = people(3)
    engine = start(held)
    held.let_go(engine)

    assert [engine.look_up(user_id) for user_id in waiting] == ["found"] * 3
    assert held.most == 1


def test_one_message_suffices_for_all_who_are_due(start: Start, source: FakeSource) -> None:
    waiting = people(4)
    start(source).wake()

    wait_until(lambda: statuses_of(waiting) == [Status.ACTIVE] * 4)
    assert len(source.started) == 4


def test_people_are_looked_up_in_turn(start: Start, source: FakeSource) -> None:
    waiting = people(4)
    cedulas = [User.objects.get(pk=user_id).cedula for user_id in waiting]

    assert start(source).look_up(waiting[-1]) == "found"
    assert source.started == cedulas


def test_no_two_lookups_of_two_workers_take_slots_closer_than_the_pace(
    slots_taken: None, start: Start, settings: Any
) -> None:
    settings.CENSUS_PACE_SECONDS = [0.2]
    people(8)
    sources = [FakeSource(name="practice") for _ in range(2)]
    for source in sources:
        start(source)

    wait_until(lambda: count(Status.ACTIVE) == 8)
    assert sum(len(source.started) for source in sources) == 8
    times = times_taken()
    assert len(times) >= 8
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.2


def test_nobody_is_claimed_before_there_is_a_slot(start: Start, held: HeldSource, settings: Any) -> None:
    settings.CENSUS_PACE_SECONDS = [30]
    waiting = people(3)
    start(held)
    wait_until(lambda: held.started)
    time.sleep(A_WHILE)

    assert len(held.started) == 1
    assert statuses_of(waiting) == [Status.PROCESSING, Status.PENDING, Status.PENDING]


def test_whose_worker_died_twice_is_looked_up_alone(start: Start, held: HeldSource) -> None:
    alone, *others = people(3)
    CedulaInfo.objects.filter(user_id=alone).update(losses=2)
    engine = start(held)
    wait_until(lambda: held.started)
    engine.wake()
    time.sleep(A_WHILE)

    assert statuses_of([alone, *others]) == [Status.PROCESSING, Status.PENDING, Status.PENDING]
    assert len(held.started) == 1

    held.let_go(engine)
    wait_until(lambda: count(Status.ACTIVE) == 3)


def test_whoever_must_run_alone_waits_until_nothing_else_is_in_flight_without_another_message(
    start: Start, held: HeldSource
) -> None:
    first, alone, last = people(3)
    CedulaInfo.objects.filter(user_id=alone).update(losses=2)
    engine = start(held)
    engine.wake()
    wait_until(lambda: held.started)
    time.sleep(A_WHILE)
    assert statuses_of([first, alone, last]) == [Status.PROCESSING, Status.PENDING, Status.PENDING]

    held.let_go(engine)

    wait_until(lambda: count(Status.ACTIVE) == 3)
    assert held.most <= 2


def test_an_engine_that_drains_finishes_what_is_at_the_site_and_takes_nobody_else(
    start: Start, held: HeldSource, settings: Any
) -> None:
    settings.CENSUS_PACE_SECONDS = [30]
    asked, waiting = people(2)
    engine = start(held)
    wait_until(lambda: held.started and len(engine._lookups) == 2)

    drain(engine, 15)
    wait_until(lambda: len(engine._lookups) == 1)
    engine.wake()

    assert statuses_of([asked, waiting]) == [Status.PROCESSING, Status.PENDING]
    held.let_go(engine)
    assert engine.look_up(asked) == "found"
    assert list(CedulaInfo.objects.order_by("pk").values_list("attempts", flat=True)) == [1, 0]


def test_who_was_being_claimed_when_the_engine_began_to_drain_is_given_back(
    start: Start, source: FakeSource, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, is_claiming = claims.begin, threading.Event()

    def slow(**arguments: Any) -> Any:
        is_claiming.set()
        time.sleep(A_WHILE)
        return begin(**arguments)

    monkeypatch.setattr(claims, "begin", slow)
    engine = start(source)
    assert is_claiming.wait(10)
    drain(engine, 5)

    wait_until(lambda: LookupAttempt.objects.filter(outcome="released").exists())
    assert (status_of(nora.pk), CedulaInfo.objects.get().attempts, source.started) == (Status.PENDING, 0, [])


def test_an_engine_that_drains_gives_back_what_does_not_end_in_time(start: Start, held: HeldSource, nora: User) -> None:
    engine = start(held)
    engine.wake()
    wait_until(lambda: held.started)

    drain(engine, 0.1)

    assert engine.look_up(nora.pk) == "released"
    record = CedulaInfo.objects.get()
    assert (record.status, record.attempts, record.losses) == (Status.PENDING, 0, 0)
    assert LookupAttempt.objects.get().outcome == "released"


def test_an_engine_that_closes_ends_its_source_and_its_threads(start: Start, held: HeldSource, nora: User) -> None:
    engine = start(held)
    engine.wake()
    wait_until(lambda: held.started)

    engine.close(grace_seconds=0.1)

    assert engine.ended(nora.pk) == "released"
    assert held.is_closed
    assert not {engine._thread, engine._orm._thread} & set(threading.enumerate())


def test_who_waits_at_a_gate_that_closes_goes_on_waiting_uncounted(
    start: Start, source: FakeSource, nora: User
) -> None:
    next_slot_in(A_WHILE)
    engine = start(source)
    wait_until(lambda: engine._lookups)
    SourceState.objects.update(is_paused=True)
    time.sleep(2 * A_WHILE)

    record = CedulaInfo.objects.get()
    assert (record.status, record.attempts, source.started) == (Status.PENDING, 0, [])
    assert not engine._lookups


def test_while_a_source_is_paused_nobody_is_asked_about(start: Start, source: FakeSource, nora: User) -> None:
    SourceState.objects.update_or_create(source="practice", defaults={"is_paused": True})
    start(source).wake()
    time.sleep(A_WHILE)

    assert (status_of(nora.pk), source.started) == (Status.PENDING, [])


def test_a_bug_of_ours_is_retried_and_not_blamed_on_the_registraduria(start: Start, nora: User, caplog: Any) -> None:
    class Broken(FakeSource):
        async def lookup(self, hooks: LookupHooks) -> Outcome:
            await hooks.begin()
            await hooks.captcha_solved(20.0, Decimal("0.003"))
            raise ZeroDivisionError

    engine = start(Broken(name="practice"))

    assert engine.look_up(nora.pk) == "interrupted"
    record = CedulaInfo.objects.get()
    assert (record.status, record.is_retrying, record.losses) == (Status.PENDING, True, 1)
    assert "Registraduría" not in record.error_message
    assert LookupAttempt.objects.get().captcha_cost == Decimal("0.003")
    assert "lookup.broken" in caplog.text
    assert nora.cedula not in caplog.text


def test_a_failure_on_our_side_of_the_network_is_no_trouble_of_the_sources(start: Start, nora: User) -> None:
    crash = Failure(FailureKind.NETWORK_ERROR, "the browser went away", fault=Fault.BROWSER_LOST)
    engine = start(FakeSource({nora.cedula: crash}, name="practice"))

    assert engine.look_up(nora.pk) == "interrupted"
    assert SourceState.objects.get(source="practice").troubles == 0
    record = CedulaInfo.objects.get()
    assert (record.status, record.losses) == (Status.PENDING, 1)
    assert "Registraduría" not in record.error_message
    assert LookupAttempt.objects.get().detail == "the browser went away"


@pytest.fixture
def after_a_rest(transactional_db: None, settings: Any) -> None:
    """Whoever enters next is the probe."""
    settings.CENSUS_PACE_SECONDS = [5]
    rested = {"free_at": 0, "rests": 1, "rests_until": timezone.now() - timedelta(seconds=1)}
    SourceState.objects.update_or_create(source="practice", defaults=rested)


def is_open() -> bool:
    return gate.why_closed(gate.state_of("practice"), timezone.now()) is None


@pytest.mark.usefixtures("after_a_rest")
def test_a_probe_that_a_fault_of_ours_ended_opens_the_gate_to_another(start: Start, nora: User) -> None:
    crash = Failure(FailureKind.NETWORK_ERROR, "the browser went away", fault=Fault.BROWSER_LOST)
    engine = start(FakeSource({nora.cedula: crash}, name="practice"))

    assert engine.look_up(nora.pk) == "interrupted"
    assert is_open()


@pytest.mark.usefixtures("after_a_rest")
def test_a_probe_that_was_given_back_opens_the_gate_to_another(start: Start, held: HeldSource, nora: User) -> None:
    engine = start(held)
    engine.wake()
    wait_until(lambda: held.started)
    assert not is_open()

    drain(engine, 0)
    assert engine.look_up(nora.pk) == "released"
    assert is_open()


class BrowserlessSource(FakeSource):
    """Has no browser for the first `failures` lookups."""

    failures = 1_000

    async def lookup(self, hooks: LookupHooks) -> Outcome:
        self.failures -= 1
        if self.failures >= 0:
            return Failure(FailureKind.NETWORK_ERROR, "no browser was found", fault=Fault.NO_BROWSER)
        return await super().lookup(hooks)


def test_without_a_browser_nobody_is_claimed_and_the_worker_says_what_it_lacks(
    start: Start, nora: User, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "HEARTBEAT_SECONDS", 0.05)
    make.person()
    start(source := BrowserlessSource(name="practice"))

    wait_until(lambda: Worker.objects.filter(fault=Worker.Fault.NO_BROWSER).exists())
    assert source.failures == 999
    assert set(CedulaInfo.objects.values_list("status", "attempts", "losses")) == {(Status.PENDING, 0, 0)}
    assert not LookupAttempt.objects.exists()
    assert "engine.unable_to_open_pages" in caplog.text


def test_a_worker_that_was_unable_to_open_pages_tries_again_by_itself_after_a_while(
    start: Start, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "UNABLE_SECONDS", A_WHILE)
    monkeypatch.setattr(engines, "HEARTBEAT_SECONDS", 0.05)
    source = BrowserlessSource(name="practice")
    source.failures = 1

    assert start(source).look_up(nora.pk) == "found"
    assert CedulaInfo.objects.get().attempts == 1
    wait_until(lambda: Worker.objects.filter(fault="").exists())


def test_who_becomes_due_later_is_looked_up_then_without_another_message(
    start: Start, source: FakeSource, nora: User
) -> None:
    later = make.person()
    due_at = timezone.now() + timedelta(seconds=1)
    CedulaInfo.objects.filter(user=later).update(next_at=due_at)
    engine = start(source)
    assert engine.look_up(nora.pk) == "found"

    wait_until(lambda: status_of(later.pk) == Status.ACTIVE)
    assert LookupAttempt.objects.get(record__user=later).started_at >= due_at


def test_an_engine_that_sleeps_checks_now_and_then_whether_a_message_was_lost(
    start: Start, source: FakeSource, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "IDLE_SECONDS", 0.2)
    engine = start(source)
    engine.look_up(nora.pk)

    unheard = make.person()

    wait_until(lambda: status_of(unheard.pk) == Status.ACTIVE)


def test_when_a_source_has_rested_those_who_waited_are_looked_up_without_another_message(
    start: Start, source: FakeSource, nora: User, settings: Any
) -> None:
    settings.CENSUS_PACE_SECONDS = [5]  # a slot that was heard of too late is another test's
    until = timezone.now() + timedelta(seconds=1)
    SourceState.objects.update_or_create(source="practice", defaults={"rests": 1, "rests_until": until})
    start(source)

    wait_until(lambda: status_of(nora.pk) == Status.ACTIVE)
    assert LookupAttempt.objects.get().started_at >= until


def test_after_a_rest_one_is_the_probe_and_the_others_follow_once_it_was_answered(
    start: Start, held: HeldSource, settings: Any
) -> None:
    settings.CENSUS_PACE_SECONDS = [2]
    waiting = people(2)
    over = timezone.now() - timedelta(seconds=1)
    SourceState.objects.update_or_create(source="practice", defaults={"rests": 1, "rests_until": over})
    engine = start(held)
    wait_until(lambda: held.started)
    engine.wake()
    time.sleep(A_WHILE)
    assert statuses_of(waiting) == [Status.PROCESSING, Status.PENDING]

    held.let_go(engine)

    assert [engine.look_up(user_id) for user_id in waiting] == ["found"] * 2


def test_an_engine_with_nobody_to_wait_for_leaves_the_database_alone(
    start: Start, source: FakeSource, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_turn, asked = claims.next_turn, []

    def noting(**arguments: Any) -> Any:
        asked.append(arguments["now"])
        return next_turn(**arguments)

    monkeypatch.setattr(claims, "next_turn", noting)
    start(source).look_up(nora.pk)
    time.sleep(A_WHILE)
    before = len(asked)
    time.sleep(2 * A_WHILE)

    assert len(asked) == before


def test_a_failure_of_the_site_is_trouble_of_the_sources(start: Start, nora: User) -> None:
    engine = start(FakeSource({nora.cedula: Failure(FailureKind.TIMEOUT, "slow")}, name="practice"))

    assert engine.look_up(nora.pk) == "timeout"
    assert SourceState.objects.get(source="practice").troubles == 1


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, ZeroDivisionError])
def test_after_a_database_error_or_a_bug_of_ours_the_starter_looks_again_by_itself(
    start: Start,
    source: FakeSource,
    nora: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: Any,
    error: type[Exception],
) -> None:
    next_turn, tries = claims.next_turn, []

    def away_at_first(**arguments: Any) -> Any:
        tries.append(arguments)
        if len(tries) < 3:
            raise error
        return next_turn(**arguments)

    monkeypatch.setattr(engines, "TROUBLE_SECONDS", 0.05)
    monkeypatch.setattr(claims, "next_turn", away_at_first)
    start(source)

    wait_until(lambda: status_of(nora.pk) == Status.ACTIVE)
    assert ("engine.trouble" in caplog.text) == (error is ZeroDivisionError)


def test_the_orm_refuses_the_thread_of_the_browser(start: Start, source: FakeSource, nora: User) -> None:
    async def count_people() -> int:
        return User.objects.count()

    engine = start(source)
    with pytest.raises(SynchronousOnlyOperation):
        asyncio.run_coroutine_threadsafe(count_people(), engine._loop).result(timeout=10)


def test_orm_work_runs_on_a_thread_of_the_engines_own(
    start: Start, source: FakeSource, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def noting[T](work: Any) -> Any:
        def run(*args: Any, **kwargs: Any) -> Any:
            threads.append(threading.current_thread())
            return work(*args, **kwargs)

        return run

    for module, name in [
        (claims, "next_turn"),
        (claims, "begin"),
        (outcomes, "record_outcome"),
        (gate, "enter"),
        (heartbeat, "record"),
    ]:
        monkeypatch.setattr(module, name, noting(getattr(module, name)))
    engine = start(source)
    engine.look_up(nora.pk)

    assert len(threads) >= 4
    assert set(threads) == {engine._orm._thread}


def test_threads_of_the_engine_never_keep_a_worker_alive(start: Start, source: FakeSource) -> None:
    start(source)
    own = [thread for thread in threading.enumerate() if thread.name in {"census-loop", "census-orm"}]

    assert len(own) == 2
    assert all(thread.daemon for thread in own)


def test_an_engine_records_heartbeats_as_long_as_its_starter_moves(
    start: Start, source: FakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(engines, "STARTING_SECONDS", A_WHILE)
    monkeypatch.setattr(engines, "IDLE_SECONDS", 0.1)
    engine = start(source)
    wait_until(Worker.objects.exists)
    seen_at = Worker.objects.get().seen_at
    wait_until(lambda: Worker.objects.get().seen_at > seen_at)
    monkeypatch.setattr(engines, "IDLE_SECONDS", 60)

    time.sleep(2 * A_WHILE)
    seen_at = Worker.objects.get().seen_at
    time.sleep(A_WHILE)
    assert Worker.objects.get().seen_at == seen_at
    engine.wake()
    wait_until(lambda: Worker.objects.get().seen_at > seen_at)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_an_engine_that_could_not_record_a_heartbeat_records_the_next(
    start: Start, held: HeldSource, nora: User, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    record, tries = heartbeat.record, []

    def away_at_first(**arguments: Any) -> None:
        tries.append(arguments)
        if len(tries) < 3:
            raise error("the database is away")
        record(**arguments)

    monkeypatch.setattr(engines, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(heartbeat, "record", away_at_first)
    engine = start(held)
    engine.wake()

    wait_until(Worker.objects.exists, seconds=3)


def test_a_process_has_one_engine_and_a_forked_one_its_own(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_exit: list[Any] = []
    monkeypatch.setattr(engines, "Finalize", lambda _, close, exitpriority: at_exit.append((close, exitpriority)))
    monkeypatch.setattr(engines, "configured_sources", lambda: [FakeSource(name="practice")])
    monkeypatch.setattr(engines, "_engine", None)
    parents = engines.current()
    assert engines.current() is parents

    parents.pid = -1
    childs = engines.current()
    for engine in (parents, childs):
        engine.close(grace_seconds=0)

    assert childs is not parents
    assert at_exit == [(parents.close, 1), (childs.close, 1)]


def test_who_withdraws_and_agrees_again_while_in_flight_is_asked_anew_and_the_first_reply_is_thrown_away(
    start: Start, held: HeldSource, nora: User, caplog: Any
) -> None:
    engine = start(held)
    engine.wake()
    wait_until(lambda: held.started)
    consents.withdraw(user=nora, purpose=Purpose.CENSUS_LOOKUP)
    make.agree(nora, Purpose.CENSUS_LOOKUP)
    CedulaInfo.objects.filter(user=nora).update(next_at=timezone.now() - timedelta(minutes=1))
    other = make.person()
    engine.wake()
    wait_until(lambda: sorted(held.started) == sorted([nora.cedula, nora.cedula, other.cedula]))
    held.let_go(engine)

    wait_until(lambda: statuses_of([nora.pk, other.pk]) == [Status.ACTIVE] * 2)
    wait_until(lambda: not engine._lookups)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
