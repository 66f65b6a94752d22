"""Refresh of one person and of those marked: who is queued, what the page gets, what people are told."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.referrals.pages import (
    LIVE,
    MARKED,
    counters,
    invited,
    post,
    put,
    record_of,
    refresh_one,
    row,
    seen,
    seen_later,
    shown,
    toast,
)
from vereda.accounts.models import User
from vereda.census.models import CedulaInfo
from vereda.census.statuses import ANSWERS, FAILURES, FINAL, WAITING, Status


@pytest.mark.parametrize("status", [*FINAL])
def test_a_refresh_of_one_returns_their_row_which_waits(as_beto: Client, caro: User, status: Status) -> None:
    put(caro, status)
    reply = refresh_one(as_beto, caro)
    html = reply.content.decode()

    assert reply.status_code == 200
    assert shown(html) == [caro.pk]
    assert row(html, caro).startswith(f'<tr id="referido-{caro.pk}" class="person-row" data-status="PENDING"')
    assert "<html" not in html
    assert 'id="censo"' not in html
    assert toast(reply) == {"message": "Listo: volvemos a consultar esta cédula.", "type": "info"}


def test_the_detail_the_counters_and_the_poll_come_with_it(as_beto: Client, caro: User) -> None:
    put(caro, Status.ERROR)
    html = refresh_one(as_beto, caro).content.decode()

    assert f'<tr id="referido-{caro.pk}-detalle" class="person-detail" hidden hx-swap-oob="true">' in html
    assert (counters(html)["pendientes"], counters(html)["errores"]) == (1, 0)
    assert LIVE in html


def test_the_row_that_is_swapped_in_equals_the_one_of_a_reloaded_page(as_beto: Client, caro: User) -> None:
    put(caro, Status.ERROR)
    swapped = row(refresh_one(as_beto, caro).content.decode(), caro)

    assert swapped.replace(' hx-swap-oob="true"', "") == row(as_beto.get("/referidos/").content.decode(), caro)


def test_who_asked_and_why_is_written_down(as_beto: Client, beto: User, caro: User) -> None:
    put(caro, Status.ERROR)
    refresh_one(as_beto, caro)

    record = record_of(caro)
    assert (record.requested_by, record.reason) == (beto, "leader")


def test_within_the_cooldown_a_refresh_is_a_429_with_the_time_left(as_beto: Client, caro: User) -> None:
    put(caro, Status.ERROR, requested_at=timezone.now())
    reply = refresh_one(as_beto, caro)

    assert reply.status_code == 429
    assert 0 < int(reply["Retry-After"]) <= 30
    assert "segundos" in toast(reply)["message"]
    assert record_of(caro).status == Status.ERROR


def test_without_javascript_the_cooldown_is_a_page(as_beto: Client, caro: User) -> None:
    put(caro, Status.ERROR, requested_at=timezone.now())
    reply = as_beto.post(f"/censo/{caro.pk}/actualizar/")

    assert reply.status_code == 429
    assert "segundos" in reply.content.decode()


@pytest.mark.parametrize("status", [*WAITING])
def test_somebody_who_waits_already_is_not_asked_about_again(as_beto: Client, caro: User, status: Status) -> None:
    before = put(caro, status)
    reply = refresh_one(as_beto, caro)

    assert toast(reply)["message"] == "Esta consulta ya está en marcha."
    assert f'data-status="{status}"' in row(reply.content.decode(), caro)
    assert record_of(caro).requested_at == before.requested_at


def test_without_javascript_a_refresh_leads_back_to_the_row(as_beto: Client, caro: User) -> None:
    put(caro, Status.ERROR)
    reply = as_beto.post(f"/censo/{caro.pk}/actualizar/")

    assert reply["Location"] == f"/referidos/#referido-{caro.pk}"
    assert "volvemos a consultar esta cédula" in as_beto.get("/referidos/").content.decode()


def test_somebody_elses_referral_is_not_there(as_beto: Client, eva: User) -> None:
    put(eva, Status.ERROR)

    assert refresh_one(as_beto, eva).status_code == 404
    assert record_of(eva).status == Status.ERROR


def test_ones_own_id_is_ones_own_refresh(as_beto: Client, beto: User) -> None:
    put(beto, Status.ERROR)

    assert 'id="censo"' in refresh_one(as_beto, beto).content.decode()
    assert record_of(beto).reason == "own"


@pytest.mark.parametrize(
    ("marked", "text", "kind"),
    [
        ([Status.ERROR], "1 consulta quedó en turno.", "success"),
        ([*FAILURES], "3 consultas quedaron en turno.", "success"),
        (
            [Status.ERROR, Status.ACTIVE],
            "1 consulta quedó en turno. Las demás no: 1 ya tiene respuesta del censo.",
            "success",
        ),
        (
            [*FAILURES, *ANSWERS, *WAITING],
            "3 consultas quedaron en turno. Las demás no: 4 ya tienen respuesta del censo y 2 ya estaban en turno.",
            "success",
        ),
        (
            [Status.ERROR, Status.NOT_FOUND, Status.PENDING, "just asked", "just asked"],
            (
                "1 consulta quedó en turno. Las demás no: "
                "1 ya tiene respuesta del censo, 1 ya estaba en turno y 2 acaban de consultarse."
            ),
            "success",
        ),
        (["just asked"], "No quedó ninguna consulta en turno: 1 acaba de consultarse.", "warning"),
        (
            [Status.ACTIVE, Status.PROCESSING],
            "No quedó ninguna consulta en turno: 1 ya tiene respuesta del censo y 1 ya estaba en turno.",
            "warning",
        ),
    ],
)
def test_one_toast_says_how_many_were_queued_and_why_the_others_were_not(
    as_beto: Client, beto: User, marked: list[str], text: str, kind: str
) -> None:
    people = invited(beto, len(marked))
    for person, status in zip(people, marked, strict=True):
        just = {"requested_at": timezone.now()} if status == "just asked" else {}
        put(person, Status.ERROR if just else Status(status), **just)
    reply = post(as_beto, MARKED, ids=[person.pk for person in people])

    assert reply.status_code == 200
    assert toast(reply) == {"message": text, "type": kind}


@pytest.mark.parametrize("status", [*ANSWERS, *WAITING])
def test_whom_a_lookup_cannot_help_stays_as_they_are_even_when_posted(
    as_beto: Client, caro: User, status: Status
) -> None:
    put(caro, status)
    before = CedulaInfo.objects.filter(user=caro).values().get()
    post(as_beto, MARKED, ids=caro.pk)

    assert CedulaInfo.objects.filter(user=caro).values().get() == before


def test_the_rows_of_the_marked_change_in_the_same_reply(as_beto: Client, beto: User) -> None:
    failed, other = invited(beto, 2, Status.ERROR)
    html = post(as_beto, MARKED, ids=failed.pk, visto=seen(failed, other)).content.decode()

    assert shown(html) == [failed.pk]
    assert 'data-status="PENDING"' in row(html, failed)
    assert (counters(html)["pendientes"], counters(html)["errores"]) == (1, 1)


def test_the_marked_are_written_down_as_asked_in_bulk_by_the_leader(as_beto: Client, beto: User) -> None:
    (failed,) = invited(beto, 1, Status.ERROR)
    post(as_beto, MARKED, ids=failed.pk)

    record = record_of(failed)
    assert (record.requested_by, record.reason, record.priority) == (beto, "bulk", 1)


def test_without_javascript_the_marked_lead_back_to_the_part_of_the_list_they_were_on(
    as_beto: Client, beto: User
) -> None:
    (failed,) = invited(beto, 1, Status.ERROR)
    reply = as_beto.post(MARKED, {"ids": failed.pk, "estado": "errores", "orden": "nombre"})

    assert reply["Location"].partition("#")[0] == "/referidos/?estado=errores&orden=nombre"
    assert "1 consulta quedó en turno." in as_beto.get("/referidos/").content.decode()


def test_the_queries_do_not_grow_with_the_marked(as_beto: Client, beto: User) -> None:
    costs = []
    for number in (1, 2, 10):
        people = invited(beto, number, Status.ERROR)
        with CaptureQueriesContext(connection) as queries:
            post(as_beto, MARKED, ids=[person.pk for person in people], visto=seen_later(people))
        costs.append(len(queries))

    assert costs[1] == costs[2]  # the first entry of an audit trail costs more
