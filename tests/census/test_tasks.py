"""The queue's tasks. Whatever a broker promises, a message may come twice: each of these runs twice."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import make
from tests.census.conftest import Start
from tests.census.sources.fake import FakeSource
from tests.census.worker.attempts import claim
from tests.census.worker.engines import HeldSource, WatchedEngine, status_of, wait_until
from vereda.census import tasks
from vereda.census.models import CedulaInfo, LookupAttempt, SourceState, Worker
from vereda.census.statuses import Status
from vereda.census.worker import engine as engines

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def source() -> FakeSource:
    return FakeSource(name="practice")


@pytest.fixture(autouse=True)
def engine(start: Start, source: FakeSource, monkeypatch: pytest.MonkeyPatch) -> WatchedEngine:
    """This process's engine."""
    engine = start(source)
    monkeypatch.setattr(engines, "current", lambda: engine)
    return engine


def test_a_person_whose_task_comes_twice_is_looked_up_once(source: FakeSource) -> None:
    nora = make.person()
    for _ in range(2):
        tasks.validate_cedula(nora.pk)

    wait_until(lambda: status_of(nora.pk) == Status.ACTIVE)
    assert source.started == [nora.cedula]


@pytest.mark.parametrize("user_id", [987_654, None, "no number"])
def test_a_message_about_nobody_is_harmless(user_id: Any) -> None:
    tasks.validate_cedula(user_id)


def test_no_task_waits_for_a_lookup(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = start(held := HeldSource())
    monkeypatch.setattr(engines, "current", lambda: engine)
    people = [make.person() for _ in range(3)]
    began = time.monotonic()
    for person in people:
        tasks.validate_cedula(person.pk)
    tasks.beat("abc")

    assert time.monotonic() - began < 5
    wait_until(lambda: len(held.started) >= 1)


def test_a_rescue_that_comes_twice_takes_a_claim_back_once() -> None:
    SourceState.objects.update_or_create(source="practice", defaults={"is_paused": True})
    nora = make.person()
    long_ago = timezone.now() - timedelta(hours=1)
    CedulaInfo.objects.update(next_at=long_ago)
    claim(nora.cedula_info, long_ago)
    for _ in range(2):
        tasks.rescue()

    nora.cedula_info.refresh_from_db()
    assert (nora.cedula_info.attempts, nora.cedula_info.losses) == (1, 1)
    assert LookupAttempt.objects.get().outcome == "lost"


def test_a_beat_that_comes_twice_is_recorded() -> None:
    for _ in range(2):
        tasks.beat("abc")

    assert Worker.objects.get().beat == "abc"
