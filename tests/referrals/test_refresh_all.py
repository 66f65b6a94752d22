"""Refresh of all who match, its progress and its cancel."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.referrals.pages import (
    ALL,
    LIVE,
    answer,
    bulk_path,
    invited,
    key_of,
    offered,
    post,
    put,
    record_of,
    refresh_one,
    seen,
    shown,
    statuses,
    toast,
)
from vereda.accounts.models import User
from vereda.census.models import BulkRefresh, CedulaInfo, SourceState
from vereda.census.statuses import FAILURES, Status
from vereda.census.worker import claims


def test_everybody_who_failed_is_queued_and_nobody_else(as_beto: Client, beto: User, eva: User) -> None:
    people = invited(beto, 9)
    for person, status in zip(people, Status, strict=True):
        put(person, status)
    put(eva, Status.ERROR)
    put(beto, Status.ERROR)
    reply = post(as_beto, ALL)

    assert toast(reply) == {"message": "Quedaron en turno 3 consultas.", "type": "success"}
    assert statuses(people) == [Status.PENDING if status in FAILURES else status for status in Status]
    assert statuses([eva, beto]) == [Status.ERROR] * 2


def test_a_superuser_asks_about_everybody_but_themselves(client: Client, ana: User, caro: User, eva: User) -> None:
    for person in (ana, caro, eva):
        put(person, Status.ERROR)
    client.force_login(ana)
    post(client, ALL)

    assert statuses([ana, caro, eva]) == [Status.ERROR, Status.PENDING, Status.PENDING]


@pytest.mark.parametrize(
    ("form", "queued"),
    [
        ({"estado": "todos"}, [True, True]),
        ({"estado": "errores"}, [True, True]),
        ({"q": "glor"}, [False, True]),
        ({"q": "gloria", "estado": "errores"}, [False, True]),
        ({"q": "nadie"}, [False, False]),
        ({"estado": "encontrados"}, [False, False]),
        ({"estado": "pendientes"}, [False, False]),
    ],
)
def test_all_are_those_whom_tab_and_search_show(
    as_beto: Client, named: list[User], form: dict[str, str], queued: list[bool]
) -> None:
    reply = post(as_beto, ALL, **form)

    assert [status == Status.PENDING for status in statuses(named)] == queued
    assert toast(reply)["type"] == ("success" if any(queued) else "warning")
    assert BulkRefresh.objects.exists() == any(queued)


def test_all_are_those_whom_a_number_that_is_kept_out_of_the_address_finds(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL, buscado=key_of(as_beto, named[1].cedula))

    assert statuses(named) == [Status.TIMEOUT, Status.PENDING]


def test_a_search_that_is_lost_never_asks_about_everybody(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL, buscado="forgotten")

    assert statuses(named) == [Status.TIMEOUT] * 2


def test_a_second_request_is_refused_while_the_first_runs(as_beto: Client, named: list[User], beto: User) -> None:
    post(as_beto, ALL, q="fabio")
    reply = post(as_beto, ALL)

    assert toast(reply)["message"].startswith("Ya hay una consulta en grupo en marcha.")
    assert statuses(named) == [Status.PENDING, Status.TIMEOUT]
    assert BulkRefresh.objects.count() == 1


def test_another_leader_may_ask_meanwhile(as_beto: Client, named: list[User], dani: User, eva: User) -> None:
    put(eva, Status.ERROR)
    post(as_beto, ALL)
    as_beto.force_login(dani)
    post(as_beto, ALL)

    assert record_of(eva).status == Status.PENDING


def test_the_reply_shows_the_progress_and_takes_the_button_away(as_beto: Client, named: list[User]) -> None:
    html = post(as_beto, ALL, visto=seen(*named)).content.decode()

    assert set(shown(html)) == {person.pk for person in named}
    assert '<progress max="2" value="0"' in html
    assert f"/referidos/actualizar-todos/{BulkRefresh.objects.get().pk}/cancelar/" in html
    assert offered(html) == []
    assert LIVE in html


def test_the_page_shows_the_progress(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL)
    answer(named[0])
    html = as_beto.get("/referidos/").content.decode()

    assert '<progress max="2" value="1"' in html
    assert "1 de 2" in html


@pytest.mark.usefixtures("worker")
def test_the_progress_says_how_long_the_rest_takes(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL)

    assert re.search(r"0 de 2\s+· faltan unos \d+ s", as_beto.get("/referidos/").content.decode())


def test_the_progress_says_what_keeps_it_waiting(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL)
    SourceState.objects.filter(source="practice").update(is_paused=True)

    page = as_beto.get("/referidos/").content.decode()
    assert re.search(r"0 de 2\.\s+Las consultas están en pausa por ahora\.", page)


def test_a_refresh_of_one_meanwhile_does_not_bring_the_button_back(
    as_beto: Client, beto: User, named: list[User]
) -> None:
    invited(beto, 1, Status.ERROR)
    post(as_beto, ALL, q="fabio")

    assert offered(as_beto.get("/referidos/").content.decode()) == []
    assert offered(refresh_one(as_beto, named[1]).content.decode()) == []


def test_the_button_counts_whom_it_would_ask_about(as_beto: Client, named: list[User]) -> None:
    numbers = [offered(as_beto.get(f"/referidos/{query}").content.decode()) for query in ("", "?q=fabio")]

    assert numbers == [["2"], ["1"]]
    assert (
        '<div id="todos" data-when="todos errores" hidden>'
        in as_beto.get("/referidos/?estado=encontrados").content.decode()
    )


def test_the_queries_do_not_grow_with_all(as_beto: Client, beto: User, django_capture_on_commit_callbacks: Any) -> None:
    costs = []
    for number in (1, 12, 40):
        CedulaInfo.objects.filter(referred_by=beto).delete()
        invited(beto, number, Status.ERROR)
        with django_capture_on_commit_callbacks() as queue_tasks, CaptureQueriesContext(connection) as queries:
            post(as_beto, ALL)
        costs.append((len(queries), len(queue_tasks)))

    assert costs[1] == costs[2]  # the first entry of an audit trail costs more


def test_a_cancel_puts_back_status_and_message(as_beto: Client, named: list[User]) -> None:
    before = [(record_of(person).status, record_of(person).error_message) for person in named]
    post(as_beto, ALL)
    reply = post(as_beto, bulk_path(), visto=seen(*named))

    assert toast(reply) == {"message": "Consulta cancelada: de 2 personas, 2 quedaron como estaban.", "type": "info"}
    assert [(record_of(person).status, record_of(person).error_message) for person in named] == before
    assert set(shown(reply.content.decode())) == {person.pk for person in named}
    assert "<progress" not in reply.content.decode()


def test_a_cancel_leaves_whom_a_worker_is_at_and_whom_the_census_answered_about(as_beto: Client, beto: User) -> None:
    people = invited(beto, 3, Status.ERROR)
    post(as_beto, ALL)
    answer(people[0])
    assert claims.claim(user_id=people[1].pk, now=timezone.now())
    reply = post(as_beto, bulk_path())

    assert statuses(people) == [Status.NOT_FOUND, Status.PROCESSING, Status.ERROR]
    assert toast(reply)["message"] == "Consulta cancelada: de 3 personas, 1 quedó como estaba."


def test_after_a_cancel_another_request_is_taken_once_the_cooldown_is_over(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL)
    post(as_beto, bulk_path())
    CedulaInfo.objects.update(requested_at=timezone.now() - timedelta(minutes=5))
    post(as_beto, ALL)

    assert statuses(named) == [Status.PENDING] * 2


def test_a_second_cancel_does_not_claim_that_everybody_was_asked_about(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL)
    path = bulk_path()
    post(as_beto, path)

    assert "2 de 2" not in toast(post(as_beto, path))["message"]


def test_nobody_cancels_the_request_of_another_leader(
    as_beto: Client, named: list[User], ana: User, dani: User
) -> None:
    post(as_beto, ALL)
    for other in (dani, ana):
        as_beto.force_login(other)
        assert post(as_beto, bulk_path()).status_code == 404

    assert statuses(named) == [Status.PENDING] * 2


def test_without_javascript_all_and_cancel_lead_back_to_the_list(as_beto: Client, named: list[User]) -> None:
    started = as_beto.post(ALL, {"estado": "errores"})
    cancelled = as_beto.post(bulk_path(), {"estado": "errores"})

    assert started["Location"] == cancelled["Location"] == "/referidos/?estado=errores"


def test_an_empty_tab_shows_a_progress_that_goes_on(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL)
    html = as_beto.get("/referidos/?estado=encontrados").content.decode()

    assert shown(html) == []
    assert 'name="avance"' in html
    assert LIVE in html


def test_a_page_whose_search_was_lost_never_comes_to_mean_everybody(as_beto: Client, named: list[User]) -> None:
    html = post(as_beto, ALL, buscado="forgotten", visto=seen(*named)).content.decode()

    assert 'id="todos"' not in html
    assert "cuenta-todos" not in html
    assert "buscado=forgotten" in html


def test_who_asked_at_their_own_screen_stays_in_turn_when_the_bulk_is_cancelled(
    as_beto: Client, named: list[User]
) -> None:
    post(as_beto, ALL)
    as_own = Client()
    as_own.force_login(named[0])
    path = bulk_path()
    as_own.post("/censo/actualizar/")
    post(as_beto, path)

    assert [record_of(person).status for person in named] == [Status.PENDING, Status.TIMEOUT]


def test_one_of_a_bulk_can_be_put_ahead_from_their_row(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL)
    assert "Adelantar a Fabio" in as_beto.get("/referidos/").content.decode()
    reply = refresh_one(as_beto, named[0])

    assert toast(reply)["message"] == "Listo: esta consulta pasa adelante."
    assert "Adelantar a Fabio" not in reply.content.decode()
