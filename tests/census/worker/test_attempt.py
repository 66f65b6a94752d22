"""One attempt: it waits at the gate, keeps its claim and its captcha, and has whatever comes of it stored."""

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from tests import make
from tests.census.conftest import Start
from tests.census.sources.fake import FakeSource
from tests.census.worker.attempts import CLAIM, SECOND
from tests.census.worker.engines import HeldSource, next_slot_in, status_of, wait_until
from vereda.accounts import consents
from vereda.accounts.models import Purpose, User
from vereda.census import gate, rules
from vereda.census.gate import Closed
from vereda.census.models import CedulaInfo, LookupAttempt, SourceState
from vereda.census.sources.port import LookupHooks, NotFound, Outcome
from vereda.census.statuses import Status
from vereda.census.worker import orm_thread, outcomes, rescue

pytestmark = pytest.mark.django_db(transaction=True)


class Scripted(FakeSource):
    """Does what a test says with the hooks of each lookup, and answers that nobody is in the census."""

    def __init__(self, script: Callable[[LookupHooks], Any]) -> None:
        super().__init__(name="practice")
        self._script = script

    async def lookup(self, hooks: LookupHooks) -> Outcome:
        self.started.append(await hooks.begin())
        await self._script(hooks)
        return NotFound()


@pytest.fixture
def nora(transactional_db: None) -> User:
    """The only one who waits."""
    return make.person("Nora Sinisterra")


def record() -> CedulaInfo:
    return CedulaInfo.objects.get()


def state() -> SourceState:
    return SourceState.objects.get(source="practice")


def test_an_attempt_is_written_down_from_the_opening_of_its_page_on(start: Start, nora: User) -> None:
    next_slot_in(0.6)
    asked_at = timezone.now()
    start(FakeSource(name="practice")).look_up(nora.pk)

    attempt = LookupAttempt.objects.get()
    assert (attempt.source, attempt.outcome) == ("practice", "found")
    assert (attempt.started_at - asked_at).total_seconds() > 0.5
    assert attempt.started_at <= attempt.ended_at


def test_who_waits_for_a_slot_is_not_claimed_and_has_the_claims_whole_time_afterwards(start: Start, nora: User) -> None:
    next_slot_in(0.6)
    engine = start(held := HeldSource())
    wait_until(lambda: engine._lookups)
    assert status_of(nora.pk) == Status.PENDING
    wait_until(lambda: held.started)

    claimed = record()
    assert claimed.claim_expires_at is not None
    assert claimed.claimed_at is not None
    assert claimed.claim_expires_at - claimed.claimed_at == CLAIM


def test_a_slot_that_was_heard_of_too_late_is_not_used_and_a_new_one_is_taken(
    start: Start, nora: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CENSUS_PACE_SECONDS = [1]
    enter, entered = gate.enter, []

    def slow_at_first(*args: Any) -> Closed | float:
        entered.append(enter(*args))
        if len(entered) == 1:
            time.sleep(0.7)
        return entered[-1]

    monkeypatch.setattr(gate, "enter", slow_at_first)
    start(FakeSource(name="practice")).look_up(nora.pk)

    assert entered.count(0) == 2
    assert state().day_lookups == 2


def test_a_probe_that_heard_of_its_slot_too_late_takes_another_and_is_still_the_probe(
    start: Start, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter, entered = gate.enter, []

    def slow_at_first(*args: Any) -> Closed | float:
        entered.append(enter(*args))
        if len(entered) == 1:
            time.sleep(0.5)
        return entered[-1]

    rested = {"free_at": 0, "rests": 1, "rests_until": timezone.now() - SECOND}
    SourceState.objects.update_or_create(source="practice", defaults=rested)
    monkeypatch.setattr(gate, "enter", slow_at_first)

    assert start(FakeSource(name="practice")).look_up(nora.pk) == "found"


def test_the_pace_counts_from_when_the_request_was_sent(start: Start, nora: User, settings: Any) -> None:
    async def send_late(hooks: LookupHooks) -> None:
        await asyncio.sleep(1.5)
        sent_at.append(time.time())
        hooks.opened()

    sent_at: list[float] = []
    settings.CENSUS_PACE_SECONDS = [10]
    start(Scripted(send_late)).look_up(nora.pk)

    assert state().free_at - sent_at[0] >= 10


def test_who_lost_the_claim_stores_nothing_but_that_it_happened(start: Start, nora: User) -> None:
    held = HeldSource()
    engine = start(held)
    engine.wake()
    wait_until(lambda: held.started)
    rescue.rescue_all(now=timezone.now() + CLAIM + SECOND)
    held.let_go(engine)

    assert engine.look_up(nora.pk) == "claim lost"
    assert (record().status, record().answer_status) == (Status.PENDING, "")
    assert sorted(LookupAttempt.objects.values_list("outcome", flat=True)) == ["found", "lost"]


def test_a_captcha_is_stored_as_soon_as_it_was_bought_and_its_price_when_it_is_there(start: Start, nora: User) -> None:
    async def buy(hooks: LookupHooks) -> None:
        hooks.opened()
        await hooks.captcha_started("79000000001")
        stored.append(await asyncio.to_thread(captcha_of_nora))
        await hooks.captcha_solved(20.5, Decimal("0.003"))
        await hooks.captcha_dropped()
        stored.append(await asyncio.to_thread(captcha_of_nora))

    stored: list[tuple[int, str]] = []
    start(Scripted(buy)).look_up(nora.pk)

    assert stored == [(1, "79000000001"), (1, "")]
    assert state().day_dollars == Decimal("0.003")
    attempt = LookupAttempt.objects.get()
    assert (attempt.captcha_seconds, attempt.captcha_cost) == (20.5, Decimal("0.003"))


def captcha_of_nora() -> tuple[int, str]:
    try:
        return record().captchas, record().captcha_task
    finally:
        connection.close()


def test_the_price_is_on_the_days_account_even_if_the_lookup_fails_afterwards(start: Start, nora: User) -> None:
    async def break_after_paying(hooks: LookupHooks) -> None:
        hooks.opened()
        await hooks.captcha_started("79000000001")
        await hooks.captcha_solved(20.5, Decimal("0.003"))
        raise ZeroDivisionError

    assert start(Scripted(break_after_paying)).look_up(nora.pk) == "interrupted"

    assert state().day_dollars == Decimal("0.003")
    assert record().captcha_task == "79000000001"


@pytest.mark.parametrize(("captchas", "may_buy"), [(0, True), (1, True), (2, False)])
def test_a_lookup_may_buy_two_captchas_and_is_told_of_one_that_is_left(
    start: Start, nora: User, captchas: int, may_buy: bool
) -> None:
    async def look(hooks: LookupHooks) -> None:
        told.append((hooks.captcha_task, hooks.may_buy_captcha))

    told: list[tuple[str, bool]] = []
    CedulaInfo.objects.update(captchas=captchas, captcha_task="79000000001", captcha_source="practice")
    start(Scripted(look)).look_up(nora.pk)

    assert told == [("79000000001", may_buy)]


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_busy_while_the_outcome_comes_is_asked_again_until_it_is_stored(
    start: Start, nora: User, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    record_outcome, tries = outcomes.record_outcome, []

    def busy_at_first(**arguments: Any) -> bool:
        tries.append(arguments["now"])
        if len(tries) < 4:
            raise error("the database is busy")
        return record_outcome(**arguments)

    monkeypatch.setattr(orm_thread, "_BACKOFF", (0.01, 0.05))
    monkeypatch.setattr(outcomes, "record_outcome", busy_at_first)

    assert start(FakeSource(name="practice")).look_up(nora.pk) == "found"
    assert status_of(nora.pk) == Status.ACTIVE
    assert len(tries) == 4
    assert record().fetched_at == tries[0] == tries[-1]


def test_a_database_that_stays_away_until_the_claim_is_over_leaves_the_record_to_the_rescue(
    start: Start, nora: User, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def away(**_: Any) -> bool:
        raise OperationalError("the database is away")

    monkeypatch.setattr(orm_thread, "_BACKOFF", (0.01,))
    monkeypatch.setattr(rules, "claim_seconds", lambda _: 0.3)
    with monkeypatch.context() as trouble:
        trouble.setattr(outcomes, "record_outcome", away)
        assert start(FakeSource(name="practice")).look_up(nora.pk) == "not stored"

    assert "lookup.not_stored" in caplog.text
    assert nora.cedula not in caplog.text
    assert status_of(nora.pk) == Status.PROCESSING
    rescue.rescue_all(now=timezone.now() + CLAIM)
    assert status_of(nora.pk) == Status.PENDING


def test_a_gate_that_cannot_be_asked_for_a_while_is_waited_for(
    start: Start, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter, tries = gate.enter, []

    def away_at_first(*args: Any) -> Closed | float:
        tries.append(args)
        if len(tries) < 3:
            raise OperationalError("the database is away")
        return enter(*args)

    monkeypatch.setattr(orm_thread, "_BACKOFF", (0.01,))
    monkeypatch.setattr(gate, "enter", away_at_first)

    assert start(FakeSource(name="practice")).look_up(nora.pk) == "found"


def test_an_outcome_that_is_there_is_stored_although_the_engine_gives_up_its_lookups(
    start: Start, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_outcome = outcomes.record_outcome

    def slow(**arguments: Any) -> bool:
        time.sleep(0.5)
        return record_outcome(**arguments)

    monkeypatch.setattr(outcomes, "record_outcome", slow)
    source = FakeSource(name="practice")
    engine = start(source)
    engine.wake()
    wait_until(lambda: source.started)
    engine.close(grace_seconds=0)

    assert engine.ended(nora.pk) == "found"
    assert status_of(nora.pk) == Status.ACTIVE


def test_a_form_is_not_sent_for_who_withdraws_while_the_captcha_is_being_solved(start: Start, nora: User) -> None:
    sent: list[str] = []

    async def script(hooks: LookupHooks) -> None:
        hooks.opened()
        await hooks.captcha_started("79000000001")
        await asyncio.to_thread(withdraw, nora)
        await hooks.captcha_solved(1.0, Decimal("0.003"))
        await hooks.captcha_dropped()
        sent.append("the form")

    assert start(Scripted(script)).look_up(nora.pk) == "claim lost"
    assert not sent
    assert (record().status, record().captcha_task) == ("", "")
    assert not LookupAttempt.objects.exists()


def withdraw(user: User) -> None:
    """Withdraw, on a thread of one's own."""
    consents.withdraw(user=user, purpose=Purpose.CENSUS_LOOKUP)
    connection.close()
