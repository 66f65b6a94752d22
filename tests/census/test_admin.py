"""The administration of census records and of the queue: everything to be seen, nothing to be changed."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone
from django_q.models import Failure

from vereda.accounts.models import User
from vereda.census import gate
from vereda.census.models import LookupAttempt, SourceState
from vereda.census.sources.port import Found
from vereda.census.worker import claims, heartbeat, outcomes


@pytest.fixture
def as_ana(client: Client, ana: User) -> Client:
    client.force_login(ana)
    return client


@pytest.fixture
def attempt(caro: User) -> LookupAttempt:
    now = timezone.now()
    claimed = claims.claim(user_id=caro.pk, now=now)
    assert claimed is not None
    later = now + timedelta(seconds=4)
    outcomes.record_outcome(claimed=claimed, outcome=Found("PASTO", "IE", "4"), source="practice", now=later)
    return LookupAttempt.objects.get()


@pytest.mark.parametrize("model", ["cedulainfo", "lookupattempt"])
def test_records_and_attempts_are_read_only(as_ana: Client, attempt: LookupAttempt, model: str) -> None:
    pk = attempt.pk if model == "lookupattempt" else attempt.record_id
    address = f"/admin/census/{model}/"

    assert as_ana.get(address).status_code == 200
    assert as_ana.get(f"{address}{pk}/change/").status_code == 200
    assert as_ana.post(f"{address}{pk}/change/", {"status": "NOT_FOUND"}).status_code == 403
    assert as_ana.post(f"{address}add/", {}).status_code == 403
    assert as_ana.post(f"{address}{pk}/delete/", {"post": "yes"}).status_code == 403


def test_an_attempt_shows_how_long_it_took(as_ana: Client, attempt: LookupAttempt) -> None:
    assert "4,0" in as_ana.get("/admin/census/lookupattempt/").content.decode()


def test_proofs_of_consent_are_read_only(as_ana: Client) -> None:
    assert as_ana.get("/admin/accounts/consent/").status_code == 200
    assert as_ana.post("/admin/accounts/consent/add/", {}).status_code == 403


def test_a_failed_task_shows_its_duration_and_its_attempts(as_ana: Client) -> None:
    now = timezone.now()
    Failure.objects.create(
        id="a" * 32, name="eco", func="vereda.census.tasks.rescue", started=now, stopped=now + timedelta(seconds=7),
        success=False, attempt_count=3,
    )  # fmt: skip

    page = as_ana.get("/admin/django_q/failure/").content.decode()
    assert '<td class="field-duration">7,0</td>' in page
    assert '<td class="field-attempt_count">3</td>' in page


@pytest.fixture
def state() -> SourceState:
    return gate.state_of("practice")


def test_the_switch_stops_all_lookups_and_moves_nothing_else(as_ana: Client, state: SourceState) -> None:
    SourceState.objects.update(day_lookups=7)
    form = {"is_paused": "on", "day_lookups": "0", "troubles": "0"}
    assert as_ana.post("/admin/census/sourcestate/practice/change/", form).status_code == 302

    state.refresh_from_db()
    assert (state.is_paused, state.day_lookups) == (True, 7)
    assert "En pausa" in as_ana.get("/admin/census/sourcestate/").content.decode()


@pytest.mark.parametrize(("action", "is_paused"), [("pause", True), ("resume", False)])
def test_the_switch_is_an_action_too_and_leaves_a_trace(
    as_ana: Client, state: SourceState, action: str, is_paused: bool
) -> None:
    SourceState.objects.update(is_paused=not is_paused)
    as_ana.post("/admin/census/sourcestate/", {"action": action, "_selected_action": ["practice"]})

    state.refresh_from_db()
    assert state.is_paused is is_paused
    assert LogEntry.objects.filter(object_id="practice").exists()


def test_a_rest_can_be_ended(as_ana: Client, state: SourceState) -> None:
    SourceState.objects.update(rests=2, troubles=5, rests_until=timezone.now() + timedelta(hours=1))
    assert "hasta" in as_ana.get("/admin/census/sourcestate/").content.decode()
    as_ana.post("/admin/census/sourcestate/", {"action": "end_rest", "_selected_action": ["practice"]})

    state.refresh_from_db()
    assert gate.why_closed(state, timezone.now()) is None
    assert "Abiertas" in as_ana.get("/admin/census/sourcestate/").content.decode()


def test_a_sources_row_is_neither_made_nor_deleted_by_hand(as_ana: Client, state: SourceState) -> None:
    assert as_ana.post("/admin/census/sourcestate/add/", {}).status_code == 403
    assert as_ana.post("/admin/census/sourcestate/practice/delete/", {"post": "yes"}).status_code == 403


def test_workers_can_be_seen(as_ana: Client) -> None:
    heartbeat.register("host-1", 4321, now=timezone.now())

    assert "4321" in as_ana.get("/admin/census/worker/").content.decode()
