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
from vereda.census.sources.port import Failure, FailureKind, LookupHooks, Outcome
from vereda.census.statuses import Status
from vereda.census.worker import attempt as attempts
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
    engine, _ = start(source)

    assert engine.look_up(nora.pk) == "found"
    assert status_of(nora.pk) == Status.ACTIVE
    assert source.started == [nora.cedula]


def test_a_message_that_comes_twice_asks_once(start: Start, source: FakeSource, nora: User) -> None:
    engine, _ = start(source)

    assert [engine.look_up(nora.pk), engine.look_up(nora.pk)] == ["found", "nothing due"]
    assert len(source.started) == 1


def test_several_messages_for_one_person_share_one_lookup_and_its_result(
    start: Start, held: HeldSource, nora: User
) -> None:
    engine, queue_tasks = start(held)
    running = [queue_tasks.run(nora.pk) for _ in range(3)]
    wait_until(lambda: held.started)
    running.append(queue_tasks.run(nora.pk))
    time.sleep(A_WHILE)
    held.let_go(engine)

    assert [task.result() for task in running] == ["found"] * 4
    assert held.started == [nora.cedula]


def test_a_message_for_somebody_who_left_returns_at_once(start: Start, source: FakeSource) -> None:
    engine, _ = start(source)

    assert engine.look_up(987_654) == "nothing due"
    assert source.started == []


def test_a_message_for_somebody_who_is_not_due_returns_at_once_though_others_are_in_flight(
    start: Start, held: HeldSource, nora: User
) -> None:
    engine, queue_tasks = start(held)
    queue_tasks.run(nora.pk)
    wait_until(lambda: held.started)
    later = make.person()
    CedulaInfo.objects.filter(user=later).update(next_at=timezone.now() + timedelta(minutes=1))

    assert engine.look_up(later.pk, seconds=10) == "nothing due"
    assert status_of(nora.pk) == Status.PROCESSING


def test_a_message_for_somebody_who_is_not_due_returns_at_once_though_no_more_fit_in_flight(
    start: Start, held: HeldSource, nora: User, settings: Any
) -> None:
    settings.CENSUS_IN_FLIGHT = 1
    (later,) = people(1)
    CedulaInfo.objects.filter(user=later).update(next_at=timezone.now() + timedelta(hours=1))
    engine, queue_tasks = start(held)
    queue_tasks.run(nora.pk)
    wait_until(lambda: held.started)

    assert engine.look_up(later, seconds=5) == "nothing due"


def test_a_task_leaves_when_its_time_is_over_and_the_lookup_goes_on(start: Start, held: HeldSource, nora: User) -> None:
    engine, _ = start(held)
    assert engine.look_up(nora.pk, seconds=A_WHILE) == "still waiting"

    held.let_go(engine)

    wait_until(lambda: status_of(nora.pk) == Status.ACTIVE)


def test_as_many_overlap_as_may_be_in_flight_and_never_more(start: Start, held: HeldSource, settings: Any) -> None:
    settings.CENSUS_IN_FLIGHT = 3
    waiting = people(5)
    engine, queue_tasks = start(held)
    running = [queue_tasks.run(user_id) for user_id in waiting]
    wait_until(lambda: len(held.started) == 3)
    time.sleep(A_WHILE)

    assert (len(held.started), count(Status.PROCESSING), count(Status.PENDING)) == (3, 3, 2)

    held.let_go(engine)
    assert [task.result() for task in running] == ["found"] * 5
    assert held.most == 3


def test_one_in_flight_looks_people_up_one_after_the_other(start: Start, held: HeldSource, settings: Any) -> None:
    settings.CENSUS_IN_FLIGHT = 1
    waiting = people(3)
    engine, queue_tasks = start(held)
    held.let_go(engine)

    assert [task.result() for task in [queue_tasks.run(user_id) for user_id in waiting]] == ["found"] * 3
    assert held.most == 1


def test_the_starter_goes_on_after_the_task_that_woke_it_returned(start: Start, source: FakeSource) -> None:
    first, *others = people(4)
    engine, _ = start(source)

    assert engine.look_up(first) == "found"

    wait_until(lambda: count(Status.ACTIVE) == 4)
    assert len(source.started) == 4
    assert statuses_of(others) == [Status.ACTIVE] * 3


def test_whoever_comes_to_be_due_is_looked_up_in_turn(start: Start, source: FakeSource) -> None:
    waiting = people(4)
    cedulas = [User.objects.get(pk=user_id).cedula for user_id in waiting]
    _, queue_tasks = start(source)

    assert queue_tasks.run(waiting[-1]).result() == "found"
    assert source.started == cedulas


def test_no_two_lookups_of_two_workers_take_slots_closer_than_the_pace(
    slots_taken: None, start: Start, settings: Any
) -> None:
    settings.CENSUS_PACE_SECONDS = [0.2]
    waiting = people(8)
    sources = [FakeSource(name="practice") for _ in range(2)]
    queue_tasks = [start(source)[1] for source in sources]
    for number, user_id in enumerate(waiting):
        queue_tasks[number % 2].run(user_id)

    wait_until(lambda: count(Status.ACTIVE) == 8)
    assert sum(len(source.started) for source in sources) == 8
    times = times_taken()
    assert len(times) >= 8
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.2


def test_only_one_who_is_claimed_waits_for_a_slot(start: Start, held: HeldSource, settings: Any) -> None:
    settings.CENSUS_PACE_SECONDS = [30]
    waiting = people(4)
    _, queue_tasks = start(held)
    queue_tasks.run(waiting[-1])
    wait_until(lambda: count(Status.PROCESSING) == 2)
    time.sleep(A_WHILE)

    assert len(held.started) == 1
    assert statuses_of(waiting) == [Status.PROCESSING, Status.PROCESSING, Status.PENDING, Status.PENDING]


def test_whose_worker_died_twice_is_looked_up_alone(start: Start, held: HeldSource) -> None:
    alone, *others = people(3)
    CedulaInfo.objects.filter(user_id=alone).update(losses=2)
    engine, queue_tasks = start(held)
    running = [queue_tasks.run(user_id) for user_id in (alone, *others)]
    wait_until(lambda: held.started)
    time.sleep(A_WHILE)

    assert statuses_of([alone, *others]) == [Status.PROCESSING, Status.PENDING, Status.PENDING]
    assert len(held.started) == 1

    held.let_go(engine)
    wait_until(lambda: count(Status.ACTIVE) == 3)
    assert running[0].result() == "found"


def test_whoever_must_run_alone_waits_until_nothing_else_is_in_flight_without_another_message(
    start: Start, held: HeldSource
) -> None:
    first, alone, last = people(3)
    CedulaInfo.objects.filter(user_id=alone).update(losses=2)
    engine, queue_tasks = start(held)
    queue_tasks.run(first)
    wait_until(lambda: held.started)
    time.sleep(A_WHILE)
    assert statuses_of([first, alone, last]) == [Status.PROCESSING, Status.PENDING, Status.PENDING]

    held.let_go(engine)

    wait_until(lambda: count(Status.ACTIVE) == 3)
    assert held.most <= 2


def test_an_engine_that_drains_finishes_what_is_at_the_site_and_gives_the_rest_back(
    start: Start, held: HeldSource, settings: Any
) -> None:
    settings.CENSUS_PACE_SECONDS = [30]
    asked, waiting, due = people(3)
    engine, queue_tasks = start(held)
    running = [queue_tasks.run(user_id) for user_id in (asked, waiting, due)]
    wait_until(lambda: held.started and waiting in engine._lookups)

    drain(engine, 15)

    assert [running[1].result(), running[2].result()] == ["released", "stopping"]
    assert statuses_of([asked, waiting, due]) == [Status.PROCESSING, Status.PENDING, Status.PENDING]
    held.let_go(engine)
    assert running[0].result() == "found"
    assert list(CedulaInfo.objects.order_by("pk").values_list("attempts", flat=True)) == [1, 0, 0]


def test_who_was_being_claimed_when_the_engine_began_to_drain_is_given_back(
    start: Start, source: FakeSource, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim_next, is_claiming = claims.claim_next, threading.Event()

    def slow(**arguments: Any) -> Any:
        is_claiming.set()
        time.sleep(A_WHILE)
        return claim_next(**arguments)

    monkeypatch.setattr(claims, "claim_next", slow)
    engine, queue_tasks = start(source)
    running = queue_tasks.run(nora.pk)
    assert is_claiming.wait(10)
    drain(engine, 5)

    assert running.result() == "stopping"
    wait_until(lambda: LookupAttempt.objects.filter(outcome="released").exists())
    assert (status_of(nora.pk), CedulaInfo.objects.get().attempts, source.started) == (Status.PENDING, 0, [])


def test_an_engine_that_drains_gives_back_what_does_not_end_in_time(start: Start, held: HeldSource, nora: User) -> None:
    engine, queue_tasks = start(held)
    running = queue_tasks.run(nora.pk)
    wait_until(lambda: held.started)

    drain(engine, 0.1)

    assert running.result() == "released"
    record = CedulaInfo.objects.get()
    assert (record.status, record.attempts, record.losses) == (Status.PENDING, 0, 0)
    assert LookupAttempt.objects.get().outcome == "released"


def test_an_engine_that_drains_takes_no_message_any_more(start: Start, source: FakeSource, nora: User) -> None:
    engine, _ = start(source)
    drain(engine, 0)

    assert engine.look_up(nora.pk, seconds=10) == "stopping"
    assert status_of(nora.pk) == Status.PENDING
    assert source.started == []


def test_an_engine_that_closes_ends_its_source_and_its_threads(start: Start, held: HeldSource, nora: User) -> None:
    engine, queue_tasks = start(held)
    running = queue_tasks.run(nora.pk)
    wait_until(lambda: held.started)

    engine.close(grace_seconds=0.1)

    assert running.result() == "released"
    assert held.is_closed
    assert not {engine._thread, engine._orm._thread} & set(threading.enumerate())


def test_who_waits_at_a_gate_that_closes_is_given_back_uncounted(start: Start, source: FakeSource, nora: User) -> None:
    next_slot_in(A_WHILE)
    _, queue_tasks = start(source)
    running = queue_tasks.run(nora.pk)
    wait_until(lambda: status_of(nora.pk) == Status.PROCESSING)
    SourceState.objects.update(is_paused=True)

    assert running.result() == "released"
    record = CedulaInfo.objects.get()
    assert (record.status, record.attempts, source.started) == (Status.PENDING, 0, [])


def test_while_a_source_is_paused_a_message_returns_at_once(start: Start, source: FakeSource, nora: User) -> None:
    SourceState.objects.update_or_create(source="practice", defaults={"is_paused": True})
    engine, _ = start(source)

    assert engine.look_up(nora.pk, seconds=10) == "nothing due"
    assert status_of(nora.pk) == Status.PENDING


def test_a_bug_of_ours_is_retried_and_not_blamed_on_the_registraduria(start: Start, nora: User, caplog: Any) -> None:
    class Broken(FakeSource):
        async def lookup(self, cedula: str, hooks: LookupHooks) -> Outcome:
            await hooks.captcha_solved(20.0, Decimal("0.003"))
            raise ZeroDivisionError

    engine, _ = start(Broken(name="practice"))

    assert engine.look_up(nora.pk) == "interrupted"
    record = CedulaInfo.objects.get()
    assert (record.status, record.is_retrying, record.losses) == (Status.PENDING, True, 1)
    assert "Registraduría" not in record.error_message
    assert LookupAttempt.objects.get().captcha_cost == Decimal("0.003")
    assert "lookup.broken" in caplog.text
    assert nora.cedula not in caplog.text


def test_a_failure_on_our_side_of_the_network_is_no_trouble_of_the_sources(start: Start, nora: User) -> None:
    crash = Failure(FailureKind.NETWORK_ERROR, "the browser went away", is_ours=True)
    engine, _ = start(FakeSource({nora.cedula: crash}, name="practice"))

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
    crash = Failure(FailureKind.NETWORK_ERROR, "the browser went away", is_ours=True)
    engine, _ = start(FakeSource({nora.cedula: crash}, name="practice"))

    assert engine.look_up(nora.pk) == "interrupted"
    assert is_open()


@pytest.mark.usefixtures("after_a_rest")
def test_a_probe_that_was_given_back_opens_the_gate_to_another(start: Start, held: HeldSource, nora: User) -> None:
    engine, queue_tasks = start(held)
    running = queue_tasks.run(nora.pk)
    wait_until(lambda: held.started)
    assert not is_open()

    drain(engine, 0)
    assert running.result() == "released"
    assert is_open()


class BrowserlessSource(FakeSource):
    """Never gets as far as asking for a page."""

    async def lookup(self, cedula: str, hooks: LookupHooks) -> Outcome:
        self.started.append(cedula)
        return Failure(FailureKind.NETWORK_ERROR, "no browser was found", is_ours=True)


def test_without_a_browser_nobody_fails_and_the_rest_of_the_queue_is_left_alone_for_a_while(
    start: Start, nora: User, caplog: Any
) -> None:
    others = [make.person() for _ in range(3)]
    engine, _ = start(source := BrowserlessSource(name="practice"))

    assert [engine.look_up(user.pk) for user in (nora, *others)] == ["unable"] * 4
    assert len(source.started) == 1
    assert set(CedulaInfo.objects.values_list("status", "attempts", "losses")) == {(Status.PENDING, 0, 0)}
    assert CedulaInfo.objects.get(user=nora).next_at > timezone.now()
    assert "engine.unable_to_open_pages" in caplog.text


def test_a_worker_that_was_unable_to_open_pages_tries_again_by_itself_after_a_while(
    start: Start, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class LateBrowser(FakeSource):
        async def lookup(self, cedula: str, hooks: LookupHooks) -> Outcome:
            self.started.append(cedula)
            if len(self.started) == 1:
                return Failure(FailureKind.NETWORK_ERROR, "no browser was found", is_ours=True)
            return await super().lookup(cedula, hooks)

    monkeypatch.setattr(engines, "UNABLE_PAUSE", timedelta(seconds=A_WHILE))
    monkeypatch.setattr(attempts, "UNABLE_PAUSE", timedelta(seconds=A_WHILE))
    engine, _ = start(LateBrowser(name="practice"))

    assert engine.look_up(nora.pk) == "unable"
    wait_until(lambda: status_of(nora.pk) == Status.ACTIVE)
    assert CedulaInfo.objects.get().attempts == 1


def test_who_becomes_due_later_is_looked_up_then_without_another_message(
    start: Start, source: FakeSource, nora: User
) -> None:
    later = make.person()
    due_at = timezone.now() + timedelta(seconds=1)
    CedulaInfo.objects.filter(user=later).update(next_at=due_at)
    engine, _ = start(source)
    assert engine.look_up(nora.pk) == "found"

    wait_until(lambda: status_of(later.pk) == Status.ACTIVE)
    assert LookupAttempt.objects.get(record__user=later).started_at >= due_at


def test_an_engine_that_sleeps_checks_now_and_then_whether_a_message_was_lost(
    start: Start, source: FakeSource, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "IDLE_SECONDS", 0.2)
    engine, _ = start(source)
    engine.look_up(nora.pk)

    unheard = make.person()

    wait_until(lambda: status_of(unheard.pk) == Status.ACTIVE)


def test_when_a_source_has_rested_those_who_waited_are_looked_up_without_another_message(
    start: Start, source: FakeSource, nora: User, settings: Any
) -> None:
    settings.CENSUS_PACE_SECONDS = [5]  # a slot that was heard of too late is another test's
    until = timezone.now() + timedelta(seconds=1)
    SourceState.objects.update_or_create(source="practice", defaults={"rests": 1, "rests_until": until})
    engine, _ = start(source)
    assert engine.look_up(nora.pk) == "nothing due"

    wait_until(lambda: status_of(nora.pk) == Status.ACTIVE)
    assert LookupAttempt.objects.get().started_at >= until


def test_after_a_rest_one_is_the_probe_and_the_others_follow_once_it_was_answered(
    start: Start, held: HeldSource, settings: Any
) -> None:
    settings.CENSUS_PACE_SECONDS = [2]
    first, second = people(2)
    over = timezone.now() - timedelta(seconds=1)
    SourceState.objects.update_or_create(source="practice", defaults={"rests": 1, "rests_until": over})
    engine, queue_tasks = start(held)
    running = [queue_tasks.run(user_id) for user_id in (first, second)]
    wait_until(lambda: held.started)
    time.sleep(A_WHILE)
    assert statuses_of([first, second]) == [Status.PROCESSING, Status.PENDING]
    assert running[1].result() == "nothing due"

    held.let_go(engine)

    wait_until(lambda: count(Status.ACTIVE) == 2)
    assert running[0].result() == "found"


def test_an_engine_with_nobody_to_wait_for_leaves_the_database_alone(
    start: Start, source: FakeSource, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim_next, asked = claims.claim_next, []

    def noting(**arguments: Any) -> Any:
        asked.append(arguments["now"])
        return claim_next(**arguments)

    monkeypatch.setattr(claims, "claim_next", noting)
    engine, _ = start(source)
    engine.look_up(nora.pk)
    time.sleep(A_WHILE)
    before = len(asked)
    time.sleep(2 * A_WHILE)

    assert len(asked) == before


def test_a_failure_of_the_site_is_trouble_of_the_sources(start: Start, nora: User) -> None:
    engine, _ = start(FakeSource({nora.cedula: Failure(FailureKind.TIMEOUT, "slow")}, name="practice"))

    assert engine.look_up(nora.pk) == "timeout"
    assert SourceState.objects.get(source="practice").troubles == 1


def test_a_database_that_cannot_be_asked_is_told_and_the_next_message_works(
    start: Start, source: FakeSource, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_reach(**_: Any) -> None:
        raise OperationalError("the database is away")

    engine, _ = start(source)
    with monkeypatch.context() as trouble:
        trouble.setattr(claims, "claim_next", out_of_reach)
        assert engine.look_up(nora.pk, seconds=10) == "trouble"

    assert engine.look_up(nora.pk) == "found"


def test_a_bug_while_claiming_does_not_stop_the_engine(
    start: Start, source: FakeSource, nora: User, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def broken(**_: Any) -> None:
        raise ZeroDivisionError

    engine, _ = start(source)
    with monkeypatch.context() as trouble:
        trouble.setattr(claims, "claim_next", broken)
        assert [engine.look_up(nora.pk, seconds=10) for _ in range(10)] == ["trouble"] * 10

    assert engine.look_up(nora.pk) == "found"
    assert "engine.trouble" in caplog.text


def test_the_orm_refuses_the_thread_of_the_browser(start: Start, source: FakeSource, nora: User) -> None:
    async def count_people() -> int:
        return User.objects.count()

    engine, _ = start(source)
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
        (claims, "claim_next"),
        (claims, "start"),
        (outcomes, "record_outcome"),
        (gate, "enter"),
        (heartbeat, "record"),
    ]:
        monkeypatch.setattr(module, name, noting(getattr(module, name)))
    engine, _ = start(source)
    engine.look_up(nora.pk)

    assert len(threads) >= 4
    assert set(threads) == {engine._orm._thread}


def test_threads_of_the_engine_never_keep_a_worker_alive(start: Start, source: FakeSource) -> None:
    start(source)
    own = [thread for thread in threading.enumerate() if thread.name in {"census-loop", "census-orm"}]

    assert len(own) == 2
    assert all(thread.daemon for thread in own)


def test_an_engine_records_heartbeats_while_there_is_work_and_none_while_it_is_idle(
    start: Start, held: HeldSource, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "HEARTBEAT_SECONDS", 0.05)
    engine, queue_tasks = start(held)
    time.sleep(A_WHILE)
    assert not Worker.objects.exists()

    queue_tasks.run(nora.pk)
    wait_until(Worker.objects.exists)
    seen_at = Worker.objects.get().seen_at
    wait_until(lambda: Worker.objects.get().seen_at > seen_at)
    held.let_go(engine)
    wait_until(lambda: status_of(nora.pk) == Status.ACTIVE)
    time.sleep(A_WHILE)
    seen_at = Worker.objects.get().seen_at
    time.sleep(A_WHILE)
    assert Worker.objects.get().seen_at == seen_at


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
    _, queue_tasks = start(held)
    queue_tasks.run(nora.pk)

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
    engine, queue_tasks = start(held)
    queue_tasks.run(nora.pk)
    wait_until(lambda: held.started)
    consents.withdraw(user=nora, purpose=Purpose.CENSUS_LOOKUP)
    make.agree(nora, Purpose.CENSUS_LOOKUP)
    CedulaInfo.objects.filter(user=nora).update(next_at=timezone.now() - timedelta(minutes=1))
    other = make.person()
    queue_tasks.run(other.pk)
    wait_until(lambda: held.started == [nora.cedula, nora.cedula, other.cedula])
    held.let_go(engine)

    wait_until(lambda: statuses_of([nora.pk, other.pk]) == [Status.ACTIVE] * 2)
    wait_until(lambda: not engine._lookups)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
