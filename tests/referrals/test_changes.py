"""What a page that is open is told: only what it has not seen, until nothing is left."""

import re
from typing import Any

from django.test import Client

from tests import make
from tests.referrals.pages import (
    ALL,
    LIVE,
    answer,
    bulk_path,
    counters,
    invited,
    poll,
    post,
    put,
    row,
    seen,
    shown,
    shown_key,
    toast,
)
from vereda.accounts.models import User
from vereda.census.models import SourceState
from vereda.census.statuses import Status


def test_a_poll_that_would_change_nothing_is_empty(as_beto: Client, beto: User) -> None:
    reply = poll(as_beto, *seen(*invited(beto, 3)))

    assert reply.status_code == 204
    assert not reply.content


def test_a_poll_when_nothing_changes_any_more_ends_it(as_beto: Client, beto: User) -> None:
    reply = poll(as_beto, *seen(*invited(beto, 3, Status.ERROR)))

    assert reply.status_code == 286
    assert not reply.content


def test_only_rows_that_changed_come_each_in_a_template_and_out_of_band(as_beto: Client, beto: User) -> None:
    people = invited(beto, 3)
    visto = seen(*people)
    answer(people[1])
    reply = poll(as_beto, *visto)
    html = reply.content.decode()

    assert reply.status_code == 200
    assert shown(html) == [people[1].pk]
    tag = rf'<template>\s*<tr id="referido-{people[1].pk}" [^>]*data-status="NOT_FOUND" hx-swap-oob="true">'
    assert re.search(tag, html)
    assert f'<tr id="referido-{people[1].pk}-detalle" class="person-detail" hidden hx-swap-oob="true">' in html
    assert (counters(html)["pendientes"], counters(html)["no-encontrados"]) == (2, 1)
    assert LIVE in html


def test_the_last_change_comes_with_the_end_of_the_poll(as_beto: Client, caro: User) -> None:
    visto = seen(caro)
    answer(caro)
    reply = poll(as_beto, *visto)

    assert reply.status_code == 286
    assert shown(reply.content.decode()) == [caro.pk]
    assert LIVE not in reply.content.decode()


def test_the_row_of_a_poll_equals_the_one_of_a_reloaded_page(as_beto: Client, caro: User) -> None:
    visto = seen(caro)
    put(caro, Status.ACTIVE)
    polled = row(poll(as_beto, *visto).content.decode(), caro)

    assert polled.replace(' hx-swap-oob="true"', "") == row(as_beto.get("/referidos/").content.decode(), caro)


def test_a_poll_counts_only_whom_the_search_finds(as_beto: Client, beto: User) -> None:
    fabio, _ = make.person("Fabio", referred_by=beto), make.person("Gloria", referred_by=beto)
    reply = poll(as_beto, f"{fabio.pk}.00000000", q="fabio")

    assert counters(reply.content.decode())["todos"] == 1


def test_the_poll_of_a_page_asks_with_its_search(as_beto: Client, caro: User) -> None:
    html = as_beto.get("/referidos/?q=caro").content.decode()

    assert 'hx-get="/referidos/cambios/?q=caro"' in html


def test_somebody_who_is_the_leaders_no_more_is_taken_off_the_page(as_beto: Client, caro: User, dani: User) -> None:
    visto = seen(caro)
    caro.referred_by = dani
    caro.save()
    html = poll(as_beto, *visto).content.decode()

    assert f'<tr id="referido-{caro.pk}" hx-swap-oob="delete">' in html
    assert f'<tr id="referido-{caro.pk}-detalle" hx-swap-oob="delete">' in html
    assert "Caro" not in html


def test_asking_about_somebody_elses_referral_tells_nothing_of_them(as_beto: Client, eva: User) -> None:
    put(eva, Status.ACTIVE)
    html = poll(as_beto, *seen(eva)).content.decode()

    assert "data-status" not in html
    assert "Eva" not in html


def test_a_progress_that_the_page_shows_already_does_not_come_again(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL)
    avance = shown_key(as_beto.get("/referidos/").content.decode(), "avance")

    assert poll(as_beto, *seen(*named), avance=avance).status_code == 204


def test_a_progress_that_moved_on_comes(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL)
    avance = shown_key(as_beto.get("/referidos/").content.decode(), "avance")
    answer(named[0])

    html = poll(as_beto, avance=avance).content.decode()
    assert '<progress max="2" value="1"' in html
    assert 'id="avance" hx-swap-oob="true"' in html


def test_the_end_of_a_progress_is_shown_and_ends_the_poll(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL)
    avance = shown_key(as_beto.get("/referidos/").content.decode(), "avance")
    for person in named:
        answer(person)

    reply = poll(as_beto, *seen(*named), avance=avance)
    assert reply.status_code == 286
    assert toast(reply) == {"message": "Terminó la consulta de todos los que faltaban.", "type": "success"}
    assert "<progress" not in reply.content.decode()


def test_a_cancel_on_another_screen_is_not_shown_as_the_end_of_it(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL)
    avance = shown_key(as_beto.get("/referidos/").content.decode(), "avance")
    post(as_beto, bulk_path())

    assert "Terminó" not in poll(as_beto, *seen(*named), avance=avance).content.decode()


def test_a_progress_elsewhere_keeps_a_page_of_final_rows_asking(as_beto: Client, named: list[User]) -> None:
    post(as_beto, ALL, q="fabio")
    html = as_beto.get("/referidos/?q=gloria").content.decode()

    assert LIVE in html
    assert poll(as_beto, *seen(named[1]), avance=shown_key(html, "avance")).status_code == 204


def test_a_notice_goes_when_lookups_go_on(as_beto: Client, caro: User) -> None:
    SourceState.objects.filter(source="practice").update(is_paused=True)
    aviso = shown_key(as_beto.get("/referidos/").content.decode(), "aviso")
    assert poll(as_beto, *seen(caro), aviso=aviso).status_code == 204

    SourceState.objects.filter(source="practice").update(is_paused=False)
    html = poll(as_beto, *seen(caro), aviso=aviso).content.decode()
    assert '<div id="aviso" hx-swap-oob="true">' in html
    assert "en pausa" not in html


def test_a_poll_of_a_full_page_costs_one_query_besides_session_and_person(
    as_beto: Client, beto: User, django_assert_max_num_queries: Any
) -> None:
    visto = seen(*invited(beto, 50))

    with django_assert_max_num_queries(3):
        poll(as_beto, *visto)
