"""The queue's tasks. Whatever a broker promises, a message may come twice: each of these runs twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import make
from tests.census.conftest import Start
from tests.census.sources.fake import FakeSource
from tests.census.worker.attempts import claim
from vereda.census import tasks
from vereda.census.models import CedulaInfo, LookupAttempt, Worker
from vereda.census.worker import engine as engines
from vereda.census.worker import heartbeat

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_person_whose_task_comes_twice_is_looked_up_once(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    nora = make.person()
    engine, _ = start(FakeSource(name="practice"))
    monkeypatch.setattr(engines, "current", lambda: engine)

    assert [tasks.validate_cedula(nora.pk) for _ in range(2)] == ["found", "nothing due"]
    assert LookupAttempt.objects.count() == 1


def test_a_rescue_that_comes_twice_takes_a_claim_back_once() -> None:
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


@pytest.mark.parametrize("task", [tasks.rescue, lambda: tasks.beat("abc")])
def test_every_task_of_the_clusters_own_is_a_heartbeat(task: object) -> None:
    assert callable(task)
    task()

    assert [worker.key for worker in Worker.objects.alive(timezone.now())] == [heartbeat.own_key()]


def test_a_lookup_is_a_heartbeat_before_it_is_done(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, _ = start(FakeSource(name="practice"))
    monkeypatch.setattr(engines, "current", lambda: engine)

    assert tasks.validate_cedula(987_654) == "nothing due"
    assert [worker.key for worker in Worker.objects.alive(timezone.now())] == [heartbeat.own_key()]
