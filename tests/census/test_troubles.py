"""What counts as trouble: a table of what the database may say, and the queries that read it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from tests import make
from vereda.accounts.models import User
from vereda.census import gate, health, troubles
from vereda.census.models import CaptchaBalance, CedulaInfo, Priority, Restart, SourceState, Worker
from vereda.census.models.engine import LATE_AFTER
from vereda.census.statuses import ClosedReason, Status
from vereda.census.troubles import Kind, Snapshot, Trouble, troubles_of
from vereda.census.worker import heartbeat

NOW = datetime(2099, 3, 1, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WELL = Snapshot(now=NOW, workers=[Worker(host="uno")], seen_at=NOW)


def source(**fields: Any) -> SourceState:
    return SourceState(source="practice", **{"day": timezone.localdate(NOW), **fields})


def resting(*, rests: int, left: timedelta = MINUTE, reason: ClosedReason = ClosedReason.RESTING) -> SourceState:
    """Return a source in so many rests in a row, the last of which has so much left."""
    return source(rests=rests, rests_until=NOW + left, rest_reason=reason)


def closed(reason: ClosedReason) -> SourceState:
    return resting(rests=1, reason=reason)


SPENT = {"day_lookups": 10_000}
LONG_AGO = NOW - timedelta(minutes=61)

CASES = [
    ({}, []),
    ({"workers": []}, ["no worker"]),
    ({"workers": [Worker(host="uno", fault=Worker.Fault.NO_BROWSER)]}, ["no browser:uno"]),
    ({"restarts": [("uno", 2)]}, []),
    ({"restarts": [("uno", 3), ("dos", 1)]}, ["restarts:uno"]),
    # rests of 2, 4, 8 and 16 minutes: the fourth is 2 minutes old, then not yet
    ({"sources": [resting(rests=4, left=14 * MINUTE)]}, ["resting:practice"]),
    ({"sources": [resting(rests=4, left=15 * MINUTE)]}, []),
    ({"sources": [resting(rests=3)]}, []),
    # over, and nobody was asked about since: it has not answered yet
    ({"sources": [resting(rests=4, left=-30 * MINUTE)]}, ["resting:practice"]),
    ({"sources": [resting(rests=1, left=-300 * MINUTE)]}, []),
    ({"sources": [closed(ClosedReason.NO_CAPTCHA)]}, []),
    ({"sources": [resting(rests=5, reason=ClosedReason.NO_CAPTCHA)]}, ["no captcha:practice"]),
    ({"sources": [closed(ClosedReason.CHANGED)]}, ["changed:practice"]),
    ({"sources": [closed(ClosedReason.CHANGED)], "changed": ["practice"]}, ["changed:practice"]),
    ({"changed": ["registraduria"]}, ["changed:registraduria"]),
    ({"sources": [closed(ClosedReason.NO_SOLVER)]}, ["no solver:practice"]),
    ({"sources": [closed(ClosedReason.WRONG_KEY)] * 2}, ["wrong key"]),
    ({"sources": [closed(ClosedReason.NO_BALANCE)]}, ["no balance"]),
    ({"sources": [source(**SPENT)]}, ["lookups spent:practice"]),
    ({"sources": [source(**SPENT, day=timezone.localdate(NOW) - timedelta(days=1))]}, []),
    ({"sources": [source(day_dollars=Decimal(20))]}, ["money spent:practice"]),
    ({"sources": [source(**SPENT, is_paused=True)]}, []),
    ({"dollars": Decimal("0.99999")}, ["low balance"]),
    ({"dollars": Decimal(1)}, []),
    ({"asked_at": LONG_AGO}, ["waiting"]),
    ({"asked_at": LONG_AGO, "sources": [source()]}, ["waiting"]),
    ({"asked_at": NOW - timedelta(minutes=59)}, []),
    ({"asked_at": LONG_AGO, "sources": [resting(rests=1)]}, ["waiting"]),
    ({"asked_at": LONG_AGO, "sources": [source(is_paused=True)]}, []),
    ({"asked_at": LONG_AGO, "sources": [source(is_paused=True), source()]}, ["waiting"]),
    ({"asked_at": LONG_AGO, "sources": [source(**SPENT)]}, ["lookups spent:practice"]),
    ({"workers": [], "asked_at": LONG_AGO}, ["no worker", "waiting"]),
]


@pytest.mark.parametrize(("seen", "codes"), CASES)
def test_what_counts_as_trouble(seen: dict[str, Any], codes: list[str]) -> None:
    assert [trouble.code for trouble in troubles_of(replace(WELL, **seen))] == codes


def test_a_ceiling_of_nothing_is_a_switch_and_no_trouble(settings: Any) -> None:
    settings.CENSUS_DAILY_LOOKUPS = [0]

    assert troubles_of(replace(WELL, sources=[source()], asked_at=LONG_AGO)) == []


def every_trouble() -> list[Trouble]:
    return [troubles._trouble(kind, "practice") for kind in Kind]


def test_every_trouble_says_what_is_wrong_and_what_to_do() -> None:
    for trouble in every_trouble():
        assert trouble.text.endswith(".")
        assert trouble.remedy.endswith(".")
        assert "{" not in trouble.text + trouble.remedy


def test_only_a_missing_worker_gets_some_patience() -> None:
    assert [trouble.kind for trouble in every_trouble() if trouble.patience] == [Kind.NO_WORKER]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def at_work(db: None, clock: time_machine.Traveller) -> Worker:
    """A worker that lives, and a source that is open."""
    gate.state_of("practice")
    heartbeat.register("uno-1", 11, now=NOW)
    return Worker.objects.get()


def kinds() -> list[str]:
    return [trouble.code for trouble in troubles.open_troubles(timezone.now())]


def test_while_all_is_well_there_is_no_trouble(at_work: Worker) -> None:
    assert kinds() == []


def test_a_worker_without_a_heartbeat_is_missed_after_a_while(at_work: Worker, clock: time_machine.Traveller) -> None:
    clock.shift(LATE_AFTER)
    assert kinds() == []

    clock.shift(1)
    assert kinds() == ["no worker"]


def test_restarts_of_the_last_hour_are_counted_for_each_host(at_work: Worker) -> None:
    for minutes in (5, 10, 61):
        Restart.objects.create(host="uno", at=NOW - minutes * MINUTE)
        Restart.objects.create(host="dos", at=NOW - minutes * MINUTE)
    assert kinds() == []

    Restart.objects.create(host="dos", at=NOW)
    assert kinds() == ["restarts:dos"]


def test_the_balance_of_the_configured_service_counts(at_work: Worker, settings: Any) -> None:
    CaptchaBalance.objects.create(solver=settings.CAPTCHA_SOLVER, dollars="0.5", asked_at=NOW)
    CaptchaBalance.objects.create(solver="otro", dollars=0, asked_at=NOW)
    assert kinds() == ["low balance"]

    settings.CAPTCHA_SOLVER = "none"
    assert kinds() == []


def test_a_source_that_is_not_configured_any_more_is_no_trouble(at_work: Worker) -> None:
    SourceState.objects.create(source="registraduria", rests=9, rests_until=NOW + 10 * MINUTE)

    assert kinds() == []


def test_who_waits_longest_is_found_whatever_is_tried_meanwhile(at_work: Worker, caro: User, eva: User) -> None:
    CedulaInfo.objects.filter(user=caro).update(requested_at=NOW - 70 * MINUTE, next_at=NOW + 5 * MINUTE)

    assert kinds() == ["waiting"]
    assert troubles.look(NOW).queue_seconds == 70 * 60


def test_lookups_in_bulk_and_those_that_are_done_wait_for_nobody(at_work: Worker, caro: User, eva: User) -> None:
    CedulaInfo.objects.update(requested_at=NOW - 70 * MINUTE)
    CedulaInfo.objects.update(priority=Priority.IN_BULK)
    assert kinds() == []

    CedulaInfo.objects.update(priority=Priority.AT_A_SCREEN, status=Status.ERROR)
    assert kinds() == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plan")
def test_who_waits_longest_comes_from_an_index(db: None) -> None:
    waiting = CedulaInfo.objects.longest_waiting(Priority.AT_A_SCREEN).values_list("requested_at")[:1]

    assert "COVERING INDEX census_longest_waiting" in waiting.explain()
    assert "TEMP B-TREE" not in waiting.explain()


def salud(client: Client) -> Any:
    reply = client.get("/salud/")
    assert reply.status_code == 200
    return reply.json()


def test_health_says_that_all_is_well(at_work: Worker, client: Client, clock: time_machine.Traveller) -> None:
    clock.shift(7)

    assert salud(client) == {
        "status": "ok",
        "database": True,
        "census": "ok",
        "worker": "ok",
        "worker_seconds": 7,
        "queue_seconds": 0,
        "sources": {"practice": "open"},
        "troubles": [],
    }


def test_health_is_degraded_while_there_is_trouble_and_names_nobody(
    at_work: Worker, client: Client, caro: User
) -> None:
    SourceState.objects.update(rests=1, rests_until=NOW + MINUTE, rest_reason=ClosedReason.NO_BALANCE)
    CedulaInfo.objects.update(requested_at=LONG_AGO)
    Worker.objects.all().delete()
    reply = client.get("/salud/")

    assert reply.json() == {
        "status": "degraded",
        "database": True,
        "census": "ok",
        "worker": "dead",
        "worker_seconds": None,
        "queue_seconds": 61 * 60,
        "sources": {"practice": "no balance"},
        "troubles": ["no balance", "no worker", "waiting"],
    }
    assert reply.status_code == 200


def test_health_says_that_a_source_is_paused_and_stays_well(at_work: Worker, client: Client) -> None:
    gate.switch("practice", is_paused=True)

    assert salud(client)["sources"] == {"practice": "paused"}
    assert salud(client)["status"] == "ok"


def test_health_asks_the_database_little(at_work: Worker, client: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(9):
        salud(client)


def test_a_database_that_stops_answering_in_the_middle_is_said(
    at_work: Worker, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(now: object) -> list[health.Face]:
        raise DatabaseError

    monkeypatch.setattr(health, "changed_faces", broken)

    assert salud(client) == {"status": "degraded", "database": True, "census": "unknown", "worker": "unknown"}


def front_page(client: Client, viewer: User) -> str:
    client.force_login(viewer)
    return str(client.get("/admin/").content.decode())


def test_the_front_page_tells_superusers_what_is_wrong_and_what_to_do(
    at_work: Worker, client: Client, ana: User
) -> None:
    assert "por atender" not in front_page(client, ana)
    SourceState.objects.update(rests=1, rests_until=NOW + MINUTE, rest_reason=ClosedReason.WRONG_KEY)

    page = front_page(client, ana)
    assert "1 problema por atender" in page
    assert "no acepta la clave" in page
    assert "TWOCAPTCHA_API_KEY" in page


def test_the_front_page_tells_other_staff_nothing_of_that(at_work: Worker, client: Client) -> None:
    Worker.objects.all().delete()

    assert "por atender" not in front_page(client, make.person("Oficina", is_staff=True))
