"""What people are told of the gate is what the database does, in every state of a source."""

import math
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as configured
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests import make
from vereda.census import gate, rules
from vereda.census.gate import Closed
from vereda.census.models import SourceState
from vereda.census.sources.port import FailureKind
from vereda.census.statuses import ClosedReason

pytestmark = pytest.mark.django_db

NOW = datetime(2099, 3, 2, 5, 0, tzinfo=UTC)
"""Midnight in Bogotá."""

patient = hypothesis_settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
moments = st.sampled_from([-900, -1, -0.001, 0, 0.001, 1, 900]).map(lambda seconds: NOW + timedelta(seconds=seconds))
states = st.fixed_dictionaries(
    {
        "is_paused": st.sampled_from([False, False, False, True]),
        "rests": st.integers(0, 3),
        "troubles": st.integers(0, 9),
        "rests_until": st.none() | moments,
        "probe_until": st.none() | moments,
        "day": st.none() | st.sampled_from([date(2099, 3, 1), date(2099, 3, 2), date(2099, 3, 3)]),
        "day_lookups": st.integers(0, 4),
        "day_dollars": st.sampled_from([Decimal(0), Decimal("0.99999"), Decimal(1), Decimal(2)]),
    }
)
ceilings = st.tuples(st.none() | st.integers(0, 4), st.none() | st.sampled_from([Decimal(0), Decimal(1)]))


def stored(fields: dict[str, Any]) -> SourceState:
    """Store a state whose slot is free."""
    return SourceState.objects.update_or_create(source="practice", defaults={"free_at": 0, **fields})[0]


def set_ceilings(lookups: int | None, dollars: Decimal | None) -> None:
    configured.CENSUS_DAILY_LOOKUPS, configured.CAPTCHA_DAILY_DOLLARS = [lookups], dollars


@pytest.fixture(autouse=True)
def _ceilings_as_before(settings: Any) -> None:
    settings.CENSUS_DAILY_LOOKUPS, settings.CAPTCHA_DAILY_DOLLARS = [None], None


@patient
@given(states, moments, ceilings)
def test_who_enters_is_refused_for_the_reason_that_is_shown_and_takes_nothing(
    fields: dict[str, Any], now: datetime, limits: tuple[int | None, Decimal | None]
) -> None:
    set_ceilings(*limits)
    before = stored(fields)
    closed = gate.why_closed(before, now)

    entered = gate.enter("practice", now)

    assert entered == (0 if closed is None else closed)
    if closed is not None:
        after = SourceState.objects.get(source="practice")
        assert (after.free_at, after.day_lookups, after.probe_until) == (0, before.day_lookups, before.probe_until)


@patient
@given(states, moments, ceilings)
def test_a_gate_that_is_closed_until_a_time_is_not_closed_for_the_same_reason_then(
    fields: dict[str, Any], now: datetime, limits: tuple[int | None, Decimal | None]
) -> None:
    set_ceilings(*limits)
    state = stored(fields)
    closed = gate.why_closed(state, now)
    if closed is None or closed.until is None:
        return

    assert closed.until > now
    then = gate.why_closed(state, closed.until)
    assert not isinstance(then, Closed) or then.reason is not closed.reason


PACE = 50.0
TRUTH = 1.0
"""Seconds that the database's real clock may run on during one example without being noticed."""
LOOKUPS, DOLLARS = 4, Decimal("0.01")
LONGEST = timedelta(days=1, hours=1)
FRESH = {"free_at": 0, "rests": 0, "troubles": 0, "rests_until": None, "probe_until": None, "is_paused": False}


class Gate(RuleBasedStateMachine):
    """A gate by itself, with every worker's steps in any order and a clock that may jump.

    The database's clock cannot be moved: instead of it, the stored slot is moved the other way.
    """

    def __init__(self) -> None:
        super().__init__()
        self._undo = make.undone()
        self._undo.__enter__()
        SourceState.objects.update_or_create(source="practice", defaults=FRESH)
        self.now = NOW - timedelta(minutes=2)
        self.clock = 0.0
        self.last_sent = -math.inf
        self.probes: list[datetime] = []
        self.days: Counter[date] = Counter()

    @property
    def state(self) -> SourceState:
        return SourceState.objects.get(source="practice")

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)

    def pass_on(self, seconds: float) -> None:
        """Let time go on, for the database as for its workers."""
        self.now += timedelta(seconds=seconds)
        self.jump(seconds)

    def jump(self, seconds: float) -> None:
        self.clock += seconds
        SourceState.objects.update(free_at=F("free_at") - float(seconds))

    @rule(seconds=st.sampled_from([0, 1, 25, PACE, 2 * PACE, 300, 3600]))
    def time_passes(self, seconds: float) -> None:
        self.pass_on(seconds)

    @rule(seconds=st.sampled_from([-86_400, -3600, 3600, 86_400]))
    def the_databases_clock_jumps(self, seconds: float) -> None:
        self.jump(seconds)
        self.last_sent = -math.inf  # a pace cannot be told across a jump

    @rule()
    def midnight_comes(self) -> None:
        midnight = timezone.localtime(self.now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        self.pass_on((midnight - self.now).total_seconds())

    @rule(delay=st.sampled_from([0, 0.5, 3]))
    def a_worker_enters(self, delay: float) -> None:
        before = self.state
        closed = gate.why_closed(before, self.now)
        entered = gate.enter("practice", self.now)
        if closed is not None or entered != 0:
            assert entered == closed or (closed is None and isinstance(entered, float) and entered > 0)
            assert SourceState.objects.filter(pk="practice").values().get() == {
                field: getattr(before, field) for field in SourceState.objects.values().get(pk="practice")
            }
            return
        self.pass_on(delay)
        assert self.clock - self.last_sent >= PACE - TRUTH
        gate.sent("practice")
        self.last_sent = self.clock
        self.days[self.today] += 1
        if before.rests:
            self.probes.append(self.now - timedelta(seconds=delay))

    @rule(seconds=st.sampled_from([1.0, 20.0]))
    def an_answer_comes(self, seconds: float) -> None:
        gate.note_answer("practice", seconds)
        self.probes = []
        assert gate.why_closed(self.state, self.now) in self.closed_by_others()

    def closed_by_others(self) -> list[Closed | None]:
        """Return what may keep a gate closed that does not rest."""
        midnight = timezone.localtime(self.now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        reasons = [Closed(reason, midnight) for reason in gate.CEILINGS]
        return [Closed(ClosedReason.PAUSED, None)] if self.state.is_paused else [None, *reasons]

    @rule(kind=st.sampled_from(FailureKind))
    def a_failure_comes(self, kind: FailureKind) -> None:
        until = gate.note_failure("practice", kind, self.now)
        assert until is None or until > self.now
        if until is not None or not rules.is_trouble(kind):
            self.probes = []

    @rule(reason=st.sampled_from([ClosedReason.NO_BALANCE, ClosedReason.CHANGED]))
    def it_must_rest_for_another_reason(self, reason: ClosedReason) -> None:
        until = gate.rest("practice", reason, self.now, 300)
        self.probes = []
        if not self.state.is_paused:
            assert gate.why_closed(self.state, self.now) == Closed(reason, until)

    @precondition(lambda self: self.probes)
    @rule()
    def a_probe_is_given_back(self) -> None:
        gate.release_probe("practice", self.probes.pop())

    @rule(is_paused=st.booleans())
    def an_operator_switches(self, is_paused: bool) -> None:
        gate.switch("practice", is_paused=is_paused)

    @rule()
    def an_operator_resumes(self) -> None:
        gate.end_rest("practice")
        self.probes = []

    @rule()
    def a_captcha_is_paid_for(self) -> None:
        if self.state.day == self.today:
            gate.spend("practice", Decimal("0.003"))

    @invariant()
    def no_day_has_more_lookups_than_its_ceiling(self) -> None:
        assert all(count <= LOOKUPS for count in self.days.values())

    @invariant()
    def one_probe_at_a_time(self) -> None:
        state = self.state
        running = state.probe_until is not None and state.probe_until > self.now
        if state.rests and running and not state.is_paused:
            assert isinstance(gate.why_closed(state, self.now), Closed)

    @invariant()
    def a_gate_that_is_closed_by_itself_opens_by_itself(self) -> None:
        closed = gate.why_closed(self.state, self.now)
        assert closed is None or closed.until is not None or closed.reason is ClosedReason.PAUSED
        assert closed is None or closed.until is None or self.now < closed.until <= self.now + LONGEST

    def teardown(self) -> None:
        self._undo.__exit__(None, None, None)


def test_every_sequence_keeps_the_pace_and_the_ceilings(settings: Any) -> None:
    settings.CENSUS_PACE_SECONDS = [PACE]
    settings.CENSUS_DAILY_LOOKUPS, settings.CAPTCHA_DAILY_DOLLARS = [LOOKUPS], DOLLARS
    settings.CENSUS_BREAKER_FAILURES = 2
    run_state_machine_as_test(
        Gate,
        settings=hypothesis_settings(
            max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
