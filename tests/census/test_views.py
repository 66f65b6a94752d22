"""The profile, its census section, and the refresh of one's own answer."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from vereda.accounts.models import User
from vereda.census import health
from vereda.census.models import CedulaInfo, Priority, SourceState
from vereda.census.sources.port import Cancelled, Failure, FailureKind, Found, NotFound, Outcome
from vereda.census.statuses import FINAL, WAITING, Status
from vereda.census.worker import claims, heartbeat, outcomes, rescue

PLACE = Found("PASTO", "IE EL SAUCE", "4", "NARIÑO", "CL 18 # 24-30")
HTMX = {"HX-Request": "true"}


def answer(user: User, outcome: Outcome) -> CedulaInfo:
    """Look a person up until their record is final."""
    record = CedulaInfo.objects.get(user=user)
    while not record.is_final:
        now = max(timezone.now(), record.next_at)
        claimed = claims.claim(user_id=user.pk, now=now)
        assert claimed is not None
        outcomes.record_outcome(claimed=claimed, outcome=outcome, source="practice", now=now)
        record.refresh_from_db()
    return record


def asked_long_ago(record: CedulaInfo) -> None:
    """Put the last request beyond the cooldown."""
    CedulaInfo.objects.filter(pk=record.pk).update(requested_at=timezone.now() - timedelta(minutes=5))


def section(client: Client) -> str:
    page = client.get("/censo/", headers=HTMX).content.decode()
    assert page.strip().startswith("<section")
    return page


def test_a_new_person_reads_that_the_lookup_waits_and_the_section_asks_again(as_caro: Client) -> None:
    page = section(as_caro)

    assert 'data-status="PENDING"' in page
    assert 'hx-trigger="every 1s"' in page


def test_a_poll_that_would_change_nothing_is_empty(as_caro: Client, caro: User) -> None:
    page = section(as_caro)
    assert poll(as_caro, page).status_code == 204

    answer(caro, PLACE)
    assert 'data-status="ACTIVE"' in poll(as_caro, page).content.decode()


def test_later_the_section_asks_every_five_seconds(as_caro: Client, caro: User) -> None:
    asked_long_ago(caro.cedula_info)

    assert 'hx-trigger="every 5s"' in section(as_caro)


def test_a_found_person_reads_place_date_and_source(as_caro: Client, caro: User) -> None:
    answer(caro, PLACE)

    page = section(as_caro)
    assert 'data-status="ACTIVE"' in page
    for text in ("PASTO", "IE EL SAUCE", "NARIÑO", "CL 18 # 24-30", "Según el censo de práctica"):
        assert text in page


@pytest.mark.parametrize(
    ("outcome", "status", "sentence"),
    [
        (NotFound(), "NOT_FOUND", "no aparece en el censo"),
        (Cancelled("Cancelada por Muerte", "12"), "CANCELLED_DECEASED", "Cancelada por Muerte"),
        (Cancelled("Cancelada por Doble Cedulación"), "CANCELLED_OTHER", "doble cedulación"),
        (
            Cancelled("Vigente con Perdida o Suspension de los Derechos Politicos"),
            "CANCELLED_OTHER",
            "La cédula no está cancelada",
        ),
        (Failure(FailureKind.BLOCKED, "x"), "BLOCKED", "no nos dejó consultar"),
        (Failure(FailureKind.TIMEOUT, "x"), "TIMEOUT", "no respondió a tiempo"),
        (Failure(FailureKind.PARSE_ERROR, "x"), "ERROR", "no supimos leer"),
    ],
)
def test_each_final_status_says_its_own_sentence_and_asks_no_more(
    as_caro: Client, caro: User, outcome: Outcome, status: str, sentence: str
) -> None:
    answer(caro, outcome)

    page = section(as_caro)
    assert f'data-status="{status}"' in page
    assert sentence in page
    assert "every" not in page


def test_a_suspension_of_rights_is_never_called_a_cancellation(as_caro: Client, caro: User) -> None:
    answer(caro, Cancelled("Vigente con Perdida o Suspension de los Derechos Politicos"))

    assert "cancelada por" not in section(as_caro).lower()


def test_what_a_failure_left_as_evidence_is_shown_to_nobody(as_caro: Client, caro: User) -> None:
    answer(caro, Failure(FailureKind.PARSE_ERROR, "a reason for operators", "<b>raw page</b>"))

    page = section(as_caro)
    assert "raw page" not in page
    assert "a reason for operators" not in page


def test_hostile_text_from_the_census_is_shown_as_text(as_caro: Client, caro: User) -> None:
    answer(caro, Found("PASTO", "<script>alert(1)</script>", "4"))

    assert "<script>alert" not in section(as_caro)


def test_during_a_retry_the_person_reads_when_we_try_again(as_caro: Client, caro: User) -> None:
    now = timezone.now()
    claimed = claims.claim(user_id=caro.pk, now=now)
    assert claimed is not None
    blocked = Failure(FailureKind.BLOCKED, "x")
    outcomes.record_outcome(claimed=claimed, outcome=blocked, source="practice", now=now)

    page = section(as_caro)
    assert 'data-status="PENDING"' in page
    assert f"{timezone.localtime(now + timedelta(seconds=60)):%H:%M}" in page


def test_the_last_answer_stays_on_screen_while_a_refresh_runs(as_caro: Client, caro: User) -> None:
    asked_long_ago(answer(caro, PLACE))
    reply = as_caro.post("/censo/actualizar/", headers=HTMX)

    page = reply.content.decode()
    assert reply.status_code == 200
    assert 'data-status="PENDING"' in page
    assert "IE EL SAUCE" in page
    assert json.loads(reply["HX-Trigger"])["showToast"]["type"] == "info"


def test_within_the_cooldown_a_refresh_is_a_429_with_the_time_left(as_caro: Client, caro: User) -> None:
    answer(caro, PLACE)
    reply = as_caro.post("/censo/actualizar/", headers=HTMX)

    assert reply.status_code == 429
    assert 0 < int(reply["Retry-After"]) <= 30
    assert "segundos" in json.loads(reply["HX-Trigger"])["showToast"]["message"]


def test_who_waits_in_bulk_can_go_ahead_from_the_profile(as_caro: Client, caro: User) -> None:
    CedulaInfo.objects.filter(user=caro).update(priority=Priority.IN_BULK)
    assert "Consultar ahora" in as_caro.get("/perfil/").content.decode()

    answer = as_caro.post("/censo/actualizar/", headers={"HX-Request": "true"}).content.decode()

    assert "Consultar ahora" not in answer
    assert CedulaInfo.objects.get(user=caro).priority == Priority.AT_A_SCREEN


def test_without_javascript_a_refresh_leads_back_to_the_profile(as_caro: Client, caro: User) -> None:
    asked_long_ago(answer(caro, PLACE))

    assert as_caro.post("/censo/actualizar/")["Location"] == "/perfil/"


def test_without_javascript_the_cooldown_is_a_whole_page(as_caro: Client, caro: User) -> None:
    answer(caro, PLACE)
    reply = as_caro.post("/censo/actualizar/")

    assert reply.status_code == 429
    assert "<html" in reply.content.decode()
    assert "segundos" in reply.content.decode()


def test_looking_at_a_refresh_address_queues_nothing(as_caro: Client, caro: User) -> None:
    asked_long_ago(answer(caro, PLACE))

    assert as_caro.get("/censo/actualizar/").status_code == 405
    caro.cedula_info.refresh_from_db()
    assert caro.cedula_info.status == Status.ACTIVE


def test_the_section_swapped_in_equals_the_one_of_a_reloaded_page(as_caro: Client, caro: User) -> None:
    answer(caro, PLACE)
    page = as_caro.get("/perfil/").content.decode()
    (reloaded,) = re.findall(r'<section\s+id="censo".*?</section>', page, re.DOTALL)
    swapped = section(as_caro).strip()

    without_tokens = [_without_token(text) for text in (reloaded, swapped)]
    assert without_tokens[0] == without_tokens[1]


def _without_token(html: str) -> str:
    return re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", html)


@pytest.mark.parametrize("status", [*WAITING, *FINAL])
def test_every_status_has_words_of_its_own(status: Status) -> None:
    record = CedulaInfo(status=status)

    assert record.wording.title
    assert record.wording.sentence


def test_a_poll_costs_two_queries_besides_session_and_person(
    as_caro: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(4):
        section(as_caro)


def test_a_poll_of_an_answered_person_costs_one_query_besides_session_and_person(
    as_caro: Client, caro: User, django_assert_max_num_queries: Any
) -> None:
    answer(caro, PLACE)

    with django_assert_max_num_queries(3):
        section(as_caro)


def poll(client: Client, page: str) -> Any:
    """Ask again as the page does that has seen this section."""
    seen = re.search(r'hx-get="(/censo/\?visto=[^"]+)"', page)
    turn = re.search(r'name="turno" value="([^"]*)"', page)
    assert seen is not None
    assert turn is not None
    return client.get(f"{seen[1]}&turno={turn[1]}", headers=HTMX)


@pytest.fixture
def worker(db: None) -> None:
    """A cluster works, so that positions are told."""
    heartbeat.register("host-1", 1, now=timezone.now())


@pytest.mark.usefixtures("worker")
def test_a_waiting_person_reads_position_and_estimate(as_caro: Client) -> None:
    text = " ".join(re.sub(r"<[^>]+>", "", section(as_caro)).split())

    assert re.search(r"Posición \d+ · unos \d+ s", text)


@pytest.mark.usefixtures("worker")
def test_a_turn_that_moved_on_comes_alone_and_out_of_band(as_caro: Client, caro: User, eva: User) -> None:
    CedulaInfo.objects.filter(user=eva).update(next_at=timezone.now() - timedelta(minutes=1))
    page = section(as_caro)
    assert poll(as_caro, page).status_code == 204

    answer(eva, PLACE)
    moved = poll(as_caro, page)
    assert moved["HX-Reswap"] == "none"
    assert moved.content.decode().strip().startswith('<div id="censo-turno" hx-swap-oob="true">')
    assert poll(as_caro, page.replace(*_turns(page, moved.content.decode()))).status_code == 204


def _turns(*pages: str) -> list[str]:
    """Return the hidden field with each page's turn."""
    return [re.findall(r'name="turno" value="[^"]*"', page)[0] for page in pages]


def test_a_resting_source_is_told_with_the_time_of_the_next_try(as_caro: Client, caro: User) -> None:
    until = timezone.now() + timedelta(minutes=4)
    SourceState.objects.filter(source="practice").update(rests=1, rests_until=until)

    page = section(as_caro)
    assert 'data-status="PENDING"' in page
    assert "volvemos a intentar a las" in page
    assert f'datetime="{timezone.localtime(until).isoformat(timespec="microseconds")}"' in page


def test_the_profile_is_saved_by_the_rules_of_registration(as_caro: Client, caro: User) -> None:
    form = {"full_name": "Carolina  Bermúdez", "phone": "301 765 4321", "referral_goal": "25"}
    saved = as_caro.post("/perfil/", form)

    caro.refresh_from_db()
    assert saved["Location"] == "/perfil/"
    assert (caro.full_name, caro.phone, caro.referral_goal) == ("Carolina Bermúdez", "+573017654321", 25)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("full_name", "<i>"),
        ("phone", "x"),
        ("referral_goal", "0"),
        ("referral_goal", "9" * 30),
        ("referral_goal", "1.5"),
    ],
)
def test_a_refused_profile_is_a_sentence_and_changes_nothing(
    as_caro: Client, caro: User, field: str, value: str
) -> None:
    form = {"full_name": "Carolina", "phone": "301 765 4321", "referral_goal": "25", field: value}
    refused = as_caro.post("/perfil/", form)

    caro.refresh_from_db()
    assert refused.status_code == 200
    assert refused.context["form"].errors[field]
    assert caro.full_name == "Caro Bermúdez"


def test_nobody_changes_cedula_or_role_on_the_profile(as_caro: Client, caro: User) -> None:
    form = {"full_name": "Caro", "phone": "301 765 4321", "referral_goal": "5", "role": "LEADER", "cedula": "900000009"}
    before = caro.cedula
    as_caro.post("/perfil/", form)

    caro.refresh_from_db()
    assert (caro.cedula, caro.role) == (before, User.Role.USER)


def test_health_is_a_503_when_it_does_not(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoDatabase:
        def cursor(self) -> Any:
            raise DatabaseError("gone")

    monkeypatch.setattr(health, "connection", NoDatabase())

    reply = client.get("/salud/")
    assert reply.status_code == 503
    assert reply.json() == {"status": "down", "database": False, "census": "unknown", "worker": "unknown"}


def test_somebody_without_a_record_reads_that_it_waits_and_the_rescue_makes_one(as_caro: Client, caro: User) -> None:
    CedulaInfo.objects.filter(user=caro).delete()
    assert 'data-status="PENDING"' in section(as_caro)
    assert as_caro.get("/perfil/").status_code == 200

    rescue.rescue_all(now=timezone.now())
    assert CedulaInfo.objects.filter(user=caro).exists()


def test_somebody_without_a_record_may_ask_for_a_lookup(as_caro: Client, caro: User) -> None:
    CedulaInfo.objects.filter(user=caro).delete()

    assert as_caro.post("/censo/actualizar/", headers=HTMX).status_code == 200
    assert CedulaInfo.objects.get(user=caro).status == Status.PENDING
