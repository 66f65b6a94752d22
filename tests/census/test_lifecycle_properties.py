"""Whatever happens to a record, in whatever order: its status never lies, nothing is lost, and there is a way out.

A machine throws events at one record and keeps a small model beside it: what the census said last, who holds the claim,
how many attempts and captchas it took. DESIGN.md's table of the lifecycle stands here a second time, as plain data, so
that the product's own rules are not what they are judged by.
"""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests import make
from tests.census.worker.attempts import begin_again, claim_next
from vereda.accounts import consents
from vereda.accounts.models import Purpose, User
from vereda.census import actions, evidence, gate
from vereda.census.models import CedulaInfo, LookupAttempt, Reason, SourceState
from vereda.census.sources.port import Answer, Cancelled, Failure, FailureKind, Found, NotFound
from vereda.census.worker import claims, heartbeat, outcomes, rescue
from vereda.census.worker.claims import CaptchaSpend, Claim, ClaimLostError, NobodyDueError

DELAYS = [60, 300, 900]
MOST_ATTEMPTS = 4
MOST_CAPTCHAS = 2
CLAIM = timedelta(seconds=150)
COOLDOWN = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
BOGOTA = timezone(timedelta(hours=-5))
MOST_OWN, MOST_OF_ALL = 3, 5
ANSWERS = {"ACTIVE", "NOT_FOUND", "CANCELLED_DECEASED", "CANCELLED_OTHER"}
FAILURES = {"ERROR", "TIMEOUT", "BLOCKED"}
FINAL = ANSWERS | FAILURES
BY_KIND = {
    FailureKind.TIMEOUT: "TIMEOUT",
    FailureKind.BLOCKED: "BLOCKED",
    FailureKind.NETWORK_ERROR: "ERROR",
    FailureKind.PARSE_ERROR: "ERROR",
    FailureKind.CAPTCHA_FAILED: "ERROR",
}
KNOWN = (
    *("answer_status", "answer_source", "fetched_at"),
    *("departamento", "municipio", "puesto", "direccion", "mesa", "novedad", "resolucion", "fecha_novedad"),
)
"""What a record knows of a person, which only another answer may change."""

words = st.sampled_from(["PASTO", "IE EL SAUCE", "4", "CL 18 # 24-30"])
answers = st.one_of(
    st.builds(Found, words, words, words, st.just("") | words, st.just("") | words),
    st.just(NotFound()),
    st.builds(Cancelled, st.just("Cancelada por Muerte"), st.just("") | words),
    st.builds(Cancelled, st.sampled_from(["Cancelada por Falsa Identidad", "Baja por trashumancia"]), words, words),
)
reasons = st.sampled_from([Reason.OWN, Reason.LEADER, Reason.BULK, Reason.RECHECK])
kinds = st.sampled_from(FailureKind)
whose = st.sampled_from([0, 0, 0, 0, 0, 1, 2])
"""Which of the claims that were ever given, the latest first: mostly the one that may still hold."""
pauses = st.sampled_from([1, 20, 31, 60, 61, 149, 151, 300, 900, 3601, 90_000])


def status_of(answer: Answer) -> str:
    match answer:
        case Found():
            return "ACTIVE"
        case NotFound():
            return "NOT_FOUND"
        case Cancelled():
            return "CANCELLED_DECEASED" if "Muerte" in answer.novedad else "CANCELLED_OTHER"


class Life(RuleBasedStateMachine):
    """The life of one record."""

    def __init__(self) -> None:
        super().__init__()
        self._undo = transaction.atomic()
        self._undo.__enter__()
        self.now = datetime(2099, 3, 1, 12, 0, tzinfo=UTC)
        self.leader = make.leader("Beto Quiñones")
        self.person = make.person("Caro Bermúdez", referred_by=self.leader)
        CedulaInfo.objects.exclude(user=self.person).delete()
        type(self.leader).objects.filter(pk=self.leader.pk).update(is_active=False)  # or a rescue would care for him
        self.record = CedulaInfo.objects.get(user=self.person)
        CedulaInfo.objects.update(next_at=self.now, requested_at=self.now)
        SourceState.objects.update_or_create(source="practice", defaults={"free_at": 0})
        self.claims: list[Claim] = []
        self.bought_under: set[Any] = set()
        self.holder: Claim | None = None
        self.expires_at = self.now
        self.written_down = 0
        self.is_allowed = True
        self.asked_on: dict[date, list[User]] = {}
        CedulaInfo.objects.update(day=None, day_lookups=0, day_own=0)
        self.row = self.look()
        self.known = {name: self.row[name] for name in KNOWN}

    def look(self) -> dict[str, Any]:
        return CedulaInfo.objects.values().get(pk=self.record.pk)

    def claim_of(self, index: int) -> Claim:
        return self.claims[-1 - index % len(self.claims)]

    def step(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the record before and after the event."""
        before, self.row = self.row, self.look()
        return before, self.row

    def must_be_as_before(self) -> None:
        before, after = self.step()
        assert after == before

    def taken(self, claimed: Claim | None) -> None:
        before, after = self.step()
        if claimed is None:
            assert after == before
            return
        assert (before["status"], after["status"]) == ("PENDING", "PROCESSING")
        assert before["next_at"] <= self.now
        assert after["attempts"] == before["attempts"] + 1
        self.claims.append(claimed)
        self.holder, self.expires_at = claimed, self.now + CLAIM

    def ended(self, *allowed: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Take note that the claim that held has ended in one of these."""
        before, after = self.step()
        assert before["status"] == "PROCESSING"
        assert after["status"] in allowed
        self.holder = None
        return before, after

    def failed(self, status: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Take note that the claim has ended without an answer: again, or as the last answer, or as a failure."""
        return self.ended("PENDING", self.known["answer_status"] or status)

    @initialize(answer=st.none() | answers)
    def somebody_joins(self, answer: Answer | None) -> None:
        """Begin with somebody who has just joined, or who was looked up before and is again."""
        if answer is not None:
            self.a_bell_is_answered(is_in_time=True)
            self.the_census_answers(index=0, answer=answer)
            self.now += COOLDOWN
            self.somebody_asks(Reason.BULK)

    # What people do

    @rule(reason=reasons)
    def somebody_asks(self, reason: Reason) -> None:
        who = self.person if reason is Reason.OWN else self.leader
        record = CedulaInfo.objects.get(pk=self.record.pk)
        if not self.is_allowed:
            with pytest.raises(actions.NotAuthorisedError):
                actions.request_lookup(record=record, requested_by=who, reason=reason, now=self.now)
            self.must_be_as_before()
            return
        try:
            is_asked = actions.request_lookup(record=record, requested_by=who, reason=reason, now=self.now)
        except actions.TooSoonError:
            is_asked = False
            assert self.row["status"] in FINAL
            assert self.now - self.row["requested_at"] < COOLDOWN or self.is_spent(who)
        before, after = self.step()
        if not is_asked:
            goes_ahead = before["status"] == "PENDING" and before["priority"] == 1 and reason.priority == 0
            ahead = {"priority": reason.priority, "reason": reason, "requested_by_id": who.pk, "bulk_id": None}
            assert after == {**before, **(ahead if goes_ahead else {})}
            return
        assert before["status"] in FINAL
        assert after["status"] == "PENDING"
        assert not self.is_spent(who)
        self.asked_on.setdefault(self.today, []).append(who)
        fetched_at = before["fetched_at"]
        is_repeat = fetched_at is not None and self.now - fetched_at < timedelta(days=1)
        assert after["priority"] == (2 if is_repeat else reason.priority)
        assert (after["attempts"], after["captchas"], after["captcha_task"], after["losses"]) == (0, 0, "", 0)
        assert (after["next_at"], after["requested_by_id"]) == (self.now, who.pk)

    @property
    def today(self) -> date:
        return self.now.astimezone(BOGOTA).date()

    def is_spent(self, who: User) -> bool:
        """Whether the day's lookups of this person are spent, for who asks."""
        askers = self.asked_on.get(self.today, [])
        own = askers.count(self.person) if who == self.person else 0
        return len(askers) >= MOST_OF_ALL or own >= MOST_OWN or max(self.asked_on, default=self.today) > self.today

    @rule()
    def the_person_withdraws_their_consent(self) -> None:
        with time_machine.travel(self.now, tick=False):
            consents.withdraw(user=self.person, purpose=Purpose.CENSUS_LOOKUP)
        _, after = self.step()
        assert after["status"] == ""
        self.is_allowed, self.holder, self.written_down = False, None, 0
        self.known = {name: None if name == "fetched_at" else "" for name in KNOWN}

    @rule()
    def the_person_consents(self) -> None:
        with time_machine.travel(self.now, tick=False):
            make.agree(self.person, Purpose.CENSUS_LOOKUP)
        before, after = self.step()
        if not before["status"] and self.is_spent(self.person):
            tomorrow = self.today + timedelta(days=1)
            assert after["next_at"] >= datetime.combine(tomorrow, time(), BOGOTA)
            self.asked_on[tomorrow] = [self.person]
        elif not before["status"]:
            self.asked_on.setdefault(self.today, []).append(self.person)
        assert after["status"] == (before["status"] or "PENDING")
        self.is_allowed = True

    @rule(seconds=pauses)
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    # What workers do

    @rule(is_in_time=st.booleans())
    def a_bell_is_answered(self, is_in_time: bool) -> None:
        if is_in_time and self.row["status"] == "PENDING":
            self.now = max(self.now, self.row["next_at"])
        self.taken(claims.claim(user_id=self.person.pk, now=self.now))

    @precondition(lambda self: self.row["status"] == "PENDING")
    @rule(buys=st.booleans(), uses=st.booleans(), kind=kinds)
    def a_whole_attempt_fails(self, buys: bool, uses: bool, kind: FailureKind) -> None:
        self.a_bell_is_answered(is_in_time=True)
        self.a_page_is_about_to_be_opened(index=0)
        if buys:
            self.a_captcha_is_bought(index=0)
        if uses:
            self.a_captcha_is_used(index=0)
        self.an_attempt_fails(index=0, kind=kind)

    @precondition(lambda self: self.row["status"] == "PENDING")
    @rule(is_over=st.booleans(), times=st.sampled_from([1, 2]))
    def whole_attempts_are_interrupted(self, is_over: bool, times: int) -> None:
        for _ in range(times):
            if self.row["status"] == "PENDING":
                self.a_bell_is_answered(is_in_time=True)
                self.a_fault_of_ours_ends_an_attempt(index=0, is_over=is_over)

    @precondition(lambda self: self.row["status"] in FINAL)
    @rule(answer=answers, reason=reasons)
    def somebody_asks_later_and_it_is_answered(self, answer: Answer, reason: Reason) -> None:
        self.now += COOLDOWN
        self.somebody_asks(reason)
        self.a_bell_is_answered(is_in_time=True)
        self.the_census_answers(index=0, answer=answer)

    @rule(is_alone=st.booleans(), is_in_time=st.booleans())
    def a_worker_takes_whose_turn_it_is(self, is_alone: bool, is_in_time: bool) -> None:
        if is_in_time and self.row["status"] == "PENDING":
            self.now = max(self.now, self.row["next_at"])
        closed = gate.why_closed(gate.state_of("practice"), self.now)
        taken = claim_next(self.now, is_alone=is_alone)
        claimed = taken and taken[0]
        assert claimed is None or closed is None
        assert claimed is None or is_alone or not claimed.must_run_alone
        self.taken(claimed)

    @precondition(lambda self: self.claims)
    @rule(index=whose)
    def a_page_is_about_to_be_opened(self, index: int) -> None:
        claimed = self.claim_of(index)
        try:
            begun = begin_again(claimed, self.now)
        except (ClaimLostError, NobodyDueError):
            closed = gate.why_closed(gate.state_of("practice"), self.now)
            assert claimed is not self.holder or closed is not None
            self.must_be_as_before()
            return
        assert claimed is self.holder
        self.claims[self.claims.index(claimed)] = self.holder = begun
        before, after = self.step()
        assert after == {**before, "claimed_at": self.now, "claim_expires_at": self.now + CLAIM}
        self.expires_at = self.now + CLAIM

    @precondition(lambda self: self.claims)
    @rule(index=whose)
    def a_captcha_is_bought(self, index: int) -> None:
        claimed = self.claim_of(index)
        if claimed.captchas >= MOST_CAPTCHAS or claimed.token in self.bought_under:
            return  # as an attempt does: one a page, and none without leave
        self.bought_under.add(claimed.token)
        claims.keep_captcha(claimed=claimed, task_id="79000000001", source="practice")
        if claimed is self.holder:
            before, after = self.step()
            bought = {"captcha_task": "79000000001", "captcha_source": "practice"}
            assert after == {**before, **bought, "captchas": before["captchas"] + 1}
        else:
            self.must_be_as_before()

    @precondition(lambda self: self.claims)
    @rule(index=whose)
    def a_captcha_is_used(self, index: int) -> None:
        claimed = self.claim_of(index)
        if claimed is self.holder:
            claims.drop_captcha(claimed=claimed)
            before, after = self.step()
            assert after == {**before, "captcha_task": ""}
        else:
            with pytest.raises(ClaimLostError):
                claims.drop_captcha(claimed=claimed)
            self.must_be_as_before()

    @precondition(lambda self: self.claims)
    @rule(index=whose, answer=answers)
    def the_census_answers(self, index: int, answer: Answer) -> None:
        claimed = self.claim_of(index)
        is_stored = outcomes.record_outcome(claimed=claimed, outcome=answer, source="practice", now=self.now)
        self.written_down += self.is_allowed
        assert is_stored == (claimed is self.holder)
        if not is_stored:
            self.must_be_as_before()
            return
        self.ended(status_of(answer))
        self.learn(answer, self.now)

    def learn(self, answer: Answer, at: datetime) -> None:
        """Take note of what the census said at a time."""
        texts = {name: getattr(answer, name, "") for name in KNOWN[3:]}
        self.known = {"answer_status": status_of(answer), "answer_source": "practice", "fetched_at": at, **texts}

    @precondition(lambda self: self.claims)
    @rule(index=whose, kind=kinds)
    def an_attempt_fails(self, index: int, kind: FailureKind) -> None:
        claimed = self.claim_of(index)
        failure = Failure(kind, "why", "what it said", reader="ajax 200 application/json")
        spend = CaptchaSpend(1.0, Decimal("0.003"))
        is_stored = outcomes.record_outcome(
            claimed=claimed, outcome=failure, source="practice", now=self.now, spend=spend
        )
        self.written_down += self.is_allowed
        assert is_stored == (claimed is self.holder)
        if not is_stored:
            self.must_be_as_before()
            return
        before, after = self.failed(BY_KIND[kind])
        rests_until = gate.state_of("practice").rests_until
        has_captcha = before["captchas"] < MOST_CAPTCHAS or bool(before["captcha_task"])
        if not has_captcha:
            assert after["status"] != "PENDING"
        elif rests_until is not None and rests_until > self.now:
            assert (after["status"], after["next_at"]) == ("PENDING", rests_until)
            assert after["attempts"] == before["attempts"] - 1
        elif before["attempts"] < MOST_ATTEMPTS:
            delay = timedelta(seconds=DELAYS[before["attempts"] - 1])
            assert (after["status"], after["next_at"]) == ("PENDING", self.now + delay)
        else:
            assert after["status"] != "PENDING"
        assert after["error_message"]

    @precondition(lambda self: self.claims)
    @rule(index=whose, is_over=st.booleans())
    def a_fault_of_ours_ends_an_attempt(self, index: int, is_over: bool) -> None:
        claimed = self.claim_of(index)
        is_stored = outcomes.record_interruption(
            claimed=claimed, source="practice", now=self.now, detail="no browser", is_over=is_over
        )
        assert is_stored == (claimed is self.holder)
        if is_stored:
            self.interrupted()
        else:
            self.must_be_as_before()

    def interrupted(self) -> None:
        self.written_down += 1
        before, after = self.failed("ERROR")
        assert after["losses"] == before["losses"] + 1
        assert "Registraduría" not in after["error_message"]

    @precondition(lambda self: self.claims)
    @rule(index=whose)
    def a_worker_gives_back(self, index: int) -> None:
        claimed = self.claim_of(index)
        is_released = outcomes.release(claimed=claimed, source="practice", now=self.now)
        self.written_down += self.is_allowed
        assert is_released == (claimed is self.holder)
        if not is_released:
            self.must_be_as_before()
            return
        before, after = self.ended("PENDING")
        assert (after["attempts"], after["next_at"]) == (before["attempts"] - 1, self.now)

    @rule()
    def abandoned_claims_are_rescued(self) -> None:
        rescue.rescue_all(now=self.now)
        if self.holder is not None and self.expires_at < self.now:
            self.interrupted()
        else:
            self.must_be_as_before()

    @rule(is_alive=st.booleans())
    def a_watchdog_looks(self, is_alive: bool) -> None:
        pid = int(heartbeat.own_name().rsplit("/")[-1])
        alive = {pid} if is_alive else set()
        rescue.rescue_from_dead(worker_key=heartbeat.own_key(), alive_pids=lambda: alive, now=self.now)
        if self.holder is not None and not is_alive:
            self.interrupted()
        else:
            self.must_be_as_before()

    # What an operator does

    @rule(answer=answers)
    def its_evidence_is_read_again(self, answer: Answer) -> None:
        record = CedulaInfo.objects.get(pk=self.record.pk)
        if record.evidence_at is None:
            return
        is_stored = evidence.replay(record=record, answer=answer, now=self.now)
        is_newer = self.known["fetched_at"] is None or self.known["fetched_at"] < record.evidence_at
        assert is_stored == (self.holder is None and is_newer)
        if not is_stored:
            self.must_be_as_before()
            return
        self.written_down += 1
        _, after = self.step()
        assert (after["status"], after["raw_response"]) == (status_of(answer), "")
        self.learn(answer, record.evidence_at)

    @rule(days=st.sampled_from([0, 29, 31]))
    def old_evidence_is_emptied(self, days: int) -> None:
        evidence.purge(now=self.now + timedelta(days=days))
        before, after = self.step()
        kept = {name for name in before if name != "raw_response" and not name.startswith("evidence_")}
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}

    # What happens to the source meanwhile

    @rule()
    def the_source_answers_others(self) -> None:
        gate.note_answer("practice", 20.0)

    @rule(kind=kinds)
    def the_source_fails_others(self, kind: FailureKind) -> None:
        gate.note_failure("practice", kind, self.now)

    @rule(times=st.sampled_from([1, 1, 7]))
    def the_source_rests(self, times: int) -> None:
        for _ in range(times - 1):
            self.now = max(self.now, self.rest())
        self.rest()

    @rule()
    def the_source_is_probed_after_a_rest(self) -> None:
        self.now = max(self.now, self.rest())
        SourceState.objects.update(free_at=0)
        gate.enter("practice", self.now)

    @rule(is_paused=st.booleans())
    def an_operator_moves_the_switch(self, is_paused: bool) -> None:
        SourceState.objects.update(is_paused=is_paused)

    def rest(self) -> datetime:
        """Let others fail until the source rests, and return until when."""
        while (until := gate.note_failure("practice", FailureKind.BLOCKED, self.now)) is None:
            pass
        return until

    # What always holds

    @invariant()
    def what_the_census_said_is_all_there_and_nothing_else(self) -> None:
        assert {name: self.row[name] for name in KNOWN} == self.known
        if self.row["status"] in ANSWERS:
            assert self.row["status"] == self.known["answer_status"]
            assert self.row["fetched_at"] is not None

    @invariant()
    def without_consent_nobody_is_asked_about_and_nothing_is_known(self) -> None:
        assert bool(self.row["status"]) == self.is_allowed
        if not self.is_allowed:
            assert not self.row["raw_response"]
            assert not self.row["error_message"]

    @invariant()
    def nobody_who_was_ever_answered_is_shown_a_failure_as_a_status(self) -> None:
        assert not (self.known["answer_status"] and self.row["status"] in FAILURES)

    @invariant()
    def only_what_is_being_looked_up_has_a_claim(self) -> None:
        is_claimed = self.row["status"] == "PROCESSING"
        assert is_claimed == (self.holder is not None)
        for name in ("claim_token", "claimed_at", "claim_expires_at", "claimed_by"):
            assert bool(self.row[name]) == is_claimed
        if self.holder is not None:
            assert self.row["claim_token"] == self.holder.token
            assert self.row["claim_expires_at"] == self.expires_at

    @invariant()
    def attempts_and_captchas_are_bounded(self) -> None:
        assert 0 <= self.row["losses"] <= self.row["attempts"] <= MOST_ATTEMPTS
        assert 0 <= self.row["captchas"] <= MOST_CAPTCHAS
        if self.row["status"] == "PENDING":
            assert self.row["attempts"] < MOST_ATTEMPTS
        if self.row["status"] == "PROCESSING":
            assert self.row["attempts"] >= 1

    @invariant()
    def a_failure_is_final_only_when_nothing_is_left_to_try_with(self) -> None:
        has_failed = self.row["status"] in FAILURES or (self.row["status"] in ANSWERS and self.row["error_message"])
        if has_failed:
            has_captcha = self.row["captchas"] < MOST_CAPTCHAS or bool(self.row["captcha_task"])
            assert self.row["attempts"] == MOST_ATTEMPTS or not has_captcha
            assert self.row["error_message"]

    @invariant()
    def who_waits_knows_until_when(self) -> None:
        if self.row["status"] == "PENDING":
            put_off = timedelta(days=1) if self.is_spent(self.person) else timedelta(0)
            assert self.row["next_at"] <= self.now + max(LONGEST_WAIT, put_off)

    @invariant()
    def every_end_is_written_down(self) -> None:
        assert LookupAttempt.objects.filter(record=self.record).count() == self.written_down

    def teardown(self) -> None:
        """Whatever came before: once the source is open and answers, this person gets an answer without being asked."""
        try:
            self.now += timedelta(days=1, hours=1)
            SourceState.objects.update(is_paused=False)
            rescue.rescue_all(now=self.now)
            taken = claim_next(self.now)
            if taken is not None:
                assert outcomes.record_outcome(claimed=taken[0], outcome=NotFound(), source="practice", now=self.now)
            assert self.look()["status"] in (FINAL if self.is_allowed else {""})
        finally:
            transaction.set_rollback(True)
            self._undo.__exit__(None, None, None)


@pytest.mark.django_db
def test_whatever_happens_to_a_record_in_whatever_order(settings_of_the_lifecycle: None) -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.fixture
def settings_of_the_lifecycle(settings: Any) -> None:
    settings.CENSUS_RETRY_SECONDS = DELAYS
    settings.CENSUS_COOLDOWN_SECONDS = 30
    settings.CENSUS_DAILY_OWN, settings.CENSUS_DAILY_PERSON = MOST_OWN, MOST_OF_ALL
    settings.CENSUS_BREAKER_FAILURES, settings.CENSUS_REST_SECONDS = 3, 120.0
