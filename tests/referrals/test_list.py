"""The leader's list as a page: whose rows, what they say, tabs, order, search, pages, and what stands there instead."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import make
from tests.referrals.pages import LIVE, PLACE, counters, detail, invited, page, put, row, shown
from vereda.accounts.models import User
from vereda.census.models import CedulaInfo, SourceState
from vereda.census.statuses import FAILURES, FINAL, WAITING, Status


def test_a_leader_sees_whom_they_invited_and_nobody_else(as_beto: Client, caro: User, eva: User) -> None:
    html = page(as_beto)

    assert shown(html) == [caro.pk]
    assert "Angelo" not in html


def test_a_superuser_sees_everybody_but_themselves_and_who_invited_them(
    client: Client, ana: User, beto: User, caro: User, eva: User, dani: User
) -> None:
    client.force_login(ana)
    html = page(client)

    assert set(shown(html)) == {beto.pk, caro.pk, dani.pk, eva.pk}
    assert "Por invitación de Beto Quiñones" in detail(html, caro)
    assert "Por invitación de Dani Restrepo" in detail(html, eva)


def test_a_leader_is_not_shown_who_invited_whom(as_beto: Client, caro: User) -> None:
    assert "Por invitación" not in page(as_beto)


@pytest.mark.parametrize("path", ["/referidos/", "/referidos/imprimir/"])
def test_a_cedula_is_masked_and_stands_nowhere_in_full(as_beto: Client, caro: User, path: str) -> None:
    html = as_beto.get(path).content.decode()

    assert f"••••{caro.cedula[-4:]}" in html
    assert caro.cedula not in html
    assert caro.cedula_dotted not in html


@pytest.mark.parametrize("status", [*Status])
def test_a_row_and_its_detail_carry_what_programs_hold_on_to(as_beto: Client, caro: User, status: Status) -> None:
    record = put(caro, status)
    html = page(as_beto)

    assert f'data-status="{status}"' in row(html, caro).partition(">")[0]
    assert f'aria-controls="referido-{caro.pk}-detalle"' in row(html, caro)
    assert " hidden" in detail(html, caro).partition(">")[0]
    assert record.wording.badge in row(html, caro)
    assert "<svg" in row(html, caro).partition("badge-v")[2]


@pytest.mark.parametrize("status", [*Status])
def test_only_whom_a_lookup_can_help_has_a_box_to_mark(as_beto: Client, caro: User, status: Status) -> None:
    put(caro, status)

    assert (f'id="referido-{caro.pk}-marca"' in row(page(as_beto), caro)) == (status in FAILURES)


@pytest.mark.parametrize("status", [*Status])
def test_only_whose_lookup_is_through_can_be_asked_again(as_beto: Client, caro: User, status: Status) -> None:
    put(caro, status)

    assert (f'formaction="/censo/{caro.pk}/actualizar/"' in row(page(as_beto), caro)) == (status in FINAL)


def test_a_row_says_name_phone_and_date(as_beto: Client, beto: User) -> None:
    joined = datetime(2026, 3, 5, 10, 20, tzinfo=timezone.get_current_timezone())
    fabio = make.person("Fabio Zúñiga", referred_by=beto, phone="+573012345678", date_joined=joined)

    html = row(page(as_beto), fabio)
    for text in ("Fabio Zúñiga", "301 2345678", 'href="tel:+573012345678"', "5 mar 2026"):
        assert text in html


def test_somebody_found_has_place_map_source_and_date(as_beto: Client, caro: User) -> None:
    fetched = datetime(2026, 3, 5, 10, 20, tzinfo=timezone.get_current_timezone())
    put(caro, Status.ACTIVE, fetched_at=fetched)

    html = detail(page(as_beto), caro)
    for text in (*PLACE.values(), "Según el censo de práctica", "5 de marzo de 2026, 10:20 a.m."):
        assert text in html
    assert 'href="https://www.google.com/maps/search/?api=1&amp;query=IE+EL+SAUCE%2C+CL+18' in html


def test_a_novedad_is_shown_with_resolucion_and_date(as_beto: Client, caro: User) -> None:
    novedad = {"novedad": "Cancelada por Muerte", "resolucion": "R-4711", "fecha_novedad": "3/02/2019"}
    put(caro, Status.CANCELLED_DECEASED, **novedad)

    html = detail(page(as_beto), caro)
    assert all(text in html for text in novedad.values())
    assert "google.com/maps" not in html


def test_a_failure_says_what_went_wrong_and_nothing_about_the_person(as_beto: Client, caro: User) -> None:
    put(caro, Status.ERROR, raw_response="<b>evidence</b>", evidence_at=timezone.now())

    html = detail(page(as_beto), caro)
    assert "No pudimos llegar a la página" in html
    assert "no de la cédula" in html
    assert "evidence" not in html


def test_a_retry_says_when_it_will_be(as_beto: Client, caro: User) -> None:
    at = timezone.localtime(timezone.now() + timedelta(minutes=7)).replace(microsecond=0)
    put(caro, Status.PENDING, error_message="La página no respondió a tiempo.", next_at=at)

    html = detail(page(as_beto), caro)
    assert "La página no respondió a tiempo." in html
    assert f'Volvemos a intentar a las <time datetime="{at.isoformat()}">' in html


@pytest.mark.parametrize("status", [Status.PENDING, Status.PROCESSING, Status.TIMEOUT])
def test_the_last_answer_stays_in_the_detail(as_beto: Client, caro: User, status: Status) -> None:
    put(caro, Status.ACTIVE)
    put(caro, status)

    html = detail(page(as_beto), caro)
    assert "IE EL SAUCE" in html
    assert "Última respuesta" in html


def test_hostile_names_and_census_texts_are_shown_as_text(as_beto: Client, beto: User) -> None:
    hostile = "<script>alert(1)</script>"
    put(make.person(hostile, referred_by=beto), Status.ACTIVE, puesto=hostile)

    assert hostile not in page(as_beto)
    assert hostile not in as_beto.get("/referidos/imprimir/").content.decode()


@pytest.fixture
def one_of_each(beto: User, eva: User) -> dict[Status, User]:
    """Nine people of Beto's, one in each status; Eva is somebody else's."""
    people = {status: make.person(f"Persona {status.label}", referred_by=beto) for status in Status}
    for status, person in people.items():
        put(person, status)
    return people


TABS = {
    "todos": [*Status],
    "pendientes": [*WAITING],
    "encontrados": [Status.ACTIVE],
    "novedades": [Status.CANCELLED_DECEASED, Status.CANCELLED_OTHER],
    "no-encontrados": [Status.NOT_FOUND],
    "errores": [*FAILURES],
}
ALL_COUNTED = {"todos": 9, "pendientes": 2, "encontrados": 1, "novedades": 2, "no-encontrados": 1, "errores": 3}


def test_a_tab_shows_its_statuses_and_the_counters_of_all(as_beto: Client, one_of_each: dict[Status, User]) -> None:
    for estado, statuses in TABS.items():
        html = page(as_beto, f"?estado={estado}")

        assert set(shown(html)) == {one_of_each[status].pk for status in statuses}, (estado, statuses)
        assert counters(html) == ALL_COUNTED, (estado, statuses)
        assert re.search(rf'data-group="{estado}"[^>]*\saria-current="page"', html), (estado, statuses)


def test_the_counters_are_of_those_whom_the_search_finds(as_beto: Client, one_of_each: dict[Status, User]) -> None:
    for estado in TABS:
        html = page(as_beto, f"?q=encontrado&estado={estado}")

        assert counters(html) == dict.fromkeys(TABS, 0) | {"todos": 1, "encontrados": 1}, estado


def test_links_keep_search_tab_and_order(as_beto: Client, one_of_each: dict[Status, User]) -> None:
    html = page(as_beto, "?q=persona&estado=errores&orden=nombre")

    assert 'href="/referidos/?q=persona&amp;estado=errores&amp;orden=-nombre"' in html
    assert 'href="/referidos/?q=persona&amp;estado=novedades&amp;orden=nombre"' in html
    assert 'href="/referidos/imprimir/?q=persona&amp;estado=errores&amp;orden=nombre"' in html


@pytest.fixture
def three(beto: User) -> dict[str, User]:
    """Three people of Beto's whom every order puts differently."""
    now = timezone.now()
    people = {
        name.partition(" ")[0]: make.person(
            name, referred_by=beto, cedula=cedula, date_joined=now - timedelta(days=days), phone=phone
        )
        for name, cedula, days, phone in (
            ("Álvaro Núñez", "1020304050", 2, "+573012345678"),
            ("beatriz de la Hoz", "98765", 3, "+573109876543"),
            ("Zoraida José Pérez", "52123456", 1, ""),
        )
    }
    put(people["Álvaro"], Status.NOT_FOUND)
    put(people["beatriz"], Status.ERROR)
    put(people["Zoraida"], Status.ACTIVE)
    return people


def found(html: str, people: dict[str, User]) -> list[str]:
    """Return the first letters of who is shown, in order."""
    letters = {person.pk: name[0] for name, person in people.items()}
    return [letters[pk] for pk in shown(html)]


def test_the_list_is_sorted_both_ways(as_beto: Client, three: dict[str, User]) -> None:
    for orden, letters in (
        ("", "ZÁb"),
        ("?orden=fecha", "bÁZ"),
        ("?orden=-fecha", "ZÁb"),
        ("?orden=nombre", "ÁbZ"),
        ("?orden=-nombre", "ZbÁ"),
        ("?orden=cedula", "bZÁ"),
        ("?orden=-cedula", "ÁZb"),
        ("?orden=estado", "ZÁb"),
        ("?orden=-estado", "bÁZ"),
    ):
        assert found(page(as_beto, orden), three) == [*letters], (orden, letters)


def test_within_a_status_the_latest_come_first(as_beto: Client, three: dict[str, User]) -> None:
    for orden in ("estado", "-estado"):
        CedulaInfo.objects.update(status=Status.PENDING)

        assert found(page(as_beto, f"?orden={orden}"), three) == [*"ZÁb"], orden


def test_the_heading_says_by_what_the_list_is_sorted(as_beto: Client, three: dict[str, User]) -> None:
    html = page(as_beto, "?orden=-cedula")

    assert html.count('aria-sort="descending"') == 1
    assert 'class="head-cedula" aria-sort="descending"' in html


@pytest.mark.parametrize(
    ("search", "letters"),
    [
        ("nunez", "Á"),
        ("NÚÑEZ", "Á"),
        ("  alvaro ", "Á"),
        ("perez jose", "Z"),
        ("hoz beat", "b"),
        ("perez alvaro", ""),
        ("z", "ZÁb"),
        ("1.020.304.050", "Á"),
        ("C.C. 1.020.304.050", "Á"),
        ("cc 52123456", "Z"),
        ("20304", "Á"),
        ("52 123 456", "Z"),
        ("301 234 5678", "Á"),
        ("+57 310 987 6543", "b"),
        ("(310) 987-6543", "b"),
        ("99999", ""),
        ("%", ""),
        ("_", ""),
    ],
)
def test_people_are_found_by_name_cedula_and_phone(
    as_beto: Client, three: dict[str, User], search: str, letters: str
) -> None:
    address = as_beto.post("/referidos/buscar/", {"q": search})["Location"]

    assert found(as_beto.get(address).content.decode(), three) == [*letters]


def test_a_cedula_is_found_with_the_no_break_spaces_that_it_was_copied_with(
    as_beto: Client, three: dict[str, User]
) -> None:
    address = as_beto.post("/referidos/buscar/", {"q": "1\u00a0020\u00a0304\u00a0050"})["Location"]

    assert found(as_beto.get(address).content.decode(), three) == ["Á"]


def test_what_is_searched_for_finds_nobody_of_another_leader(as_beto: Client, caro: User, eva: User) -> None:
    for search in ("Eva", eva.cedula):
        address = as_beto.post("/referidos/buscar/", {"q": search})["Location"]
        assert shown(as_beto.get(address).content.decode()) == []


def test_a_page_has_fifty_rows_and_the_last_one_the_rest(as_beto: Client, beto: User) -> None:
    people = invited(beto, 51)
    first, second = page(as_beto, "?orden=fecha"), page(as_beto, "?orden=fecha&pagina=2")

    assert (len(shown(first)), shown(second)) == (50, [people[-1].pk])
    assert "1 a 50 de 51" in first
    assert 'rel="next" href="/referidos/?orden=fecha&amp;pagina=2"' in first
    assert 'rel="prev" href="/referidos/?orden=fecha"' in second
    assert 'rel="next"' not in second


@pytest.mark.parametrize("orden", ["nombre", "-cedula", "estado", "-estado"])
def test_the_pages_together_show_everybody_once(as_beto: Client, beto: User, orden: str) -> None:
    people = invited(beto, 40, Status.ERROR) + invited(beto, 20, Status.ACTIVE)
    pages = [page(as_beto, f"?orden={orden}&pagina={number}") for number in (1, 2)]

    assert sorted(pk for html in pages for pk in shown(html)) == sorted(person.pk for person in people)


@pytest.mark.parametrize("number", [2, 3, 999_999_999])
@pytest.mark.parametrize("tab", ["", "&estado=errores", "&q=nadie"])
def test_a_page_past_the_end_is_a_404(as_beto: Client, caro: User, number: int, tab: str) -> None:
    assert as_beto.get(f"/referidos/?pagina={number}{tab}").status_code == 404


def test_the_browser_filters_and_sorts_by_itself_only_with_everybody_on_the_page(as_beto: Client, beto: User) -> None:
    invited(beto, 50)
    assert " data-whole" in page(as_beto)
    assert " data-whole" not in page(as_beto, "?estado=pendientes")

    invited(beto, 1)
    assert " data-whole" not in page(as_beto)


def test_whoever_invited_nobody_yet_is_given_the_link_to_share(as_beto: Client, beto: User) -> None:
    html = page(as_beto)

    assert "Todavía no ha llegado nadie" in html
    assert f"http://testserver/registro/?ref={beto.referral_code}" in html
    assert "https://wa.me/?text=" in html


def test_a_search_that_finds_nobody_is_repeated_as_text(as_beto: Client, caro: User) -> None:
    html = page(as_beto, "?q=<b>nadie</b>")

    assert "Nadie coincide con «&lt;b&gt;nadie&lt;/b&gt;»" in html
    assert "<b>nadie" not in html


def test_an_empty_tab_says_so_and_leads_to_everybody(as_beto: Client, caro: User) -> None:
    html = page(as_beto, "?estado=errores&q=caro")

    assert "Nadie con este estado coincide con «caro»" in html
    assert 'href="/referidos/?q=caro"' in html
    assert "Aquí no hay nadie por ahora" in page(as_beto, "?estado=errores")


@pytest.mark.parametrize("status", [*Status])
def test_the_page_asks_again_only_while_somebody_waits(as_beto: Client, caro: User, status: Status) -> None:
    put(caro, status)

    assert (LIVE in page(as_beto)) == (status in WAITING)


@pytest.mark.usefixtures("worker")
def test_nothing_is_shown_about_the_source_while_lookups_go_on(as_beto: Client, caro: User) -> None:
    assert "Los turnos están guardados" not in page(as_beto)


def test_without_a_worker_the_page_says_that_turns_are_kept(as_beto: Client, caro: User) -> None:
    assert "El servicio de consultas está detenido" in page(as_beto)


@pytest.mark.usefixtures("worker")
def test_a_paused_source_is_shown(as_beto: Client, caro: User) -> None:
    SourceState.objects.filter(source="practice").update(is_paused=True)

    assert "Las consultas están en pausa" in page(as_beto)


@pytest.mark.usefixtures("worker")
def test_a_resting_source_is_shown_with_the_time_of_the_next_try(as_beto: Client, caro: User) -> None:
    until = timezone.localtime(timezone.now() + timedelta(minutes=4)).replace(microsecond=0)
    SourceState.objects.filter(source="practice").update(rests=1, rests_until=until)

    html = " ".join(page(as_beto).split())
    assert f'volvemos a intentar a las <time datetime="{until.isoformat()}">' in html


def test_nothing_is_shown_about_the_source_when_nobody_waits(as_beto: Client, caro: User) -> None:
    put(caro, Status.ACTIVE)
    SourceState.objects.filter(source="practice").update(is_paused=True)

    assert "Los turnos están guardados" not in page(as_beto)


@pytest.mark.parametrize("query", ["", "?orden=estado", "?q=persona&estado=errores"])
@pytest.mark.parametrize("viewer", ["ana", "beto"])
def test_the_queries_of_a_page_do_not_grow_with_its_rows(
    client: Client, ana: User, beto: User, query: str, viewer: str
) -> None:
    client.force_login({"ana": ana, "beto": beto}[viewer])
    costs = []
    for number in (2, 20):
        invited(beto, number, Status.ERROR)
        with CaptureQueriesContext(connection) as queries:
            page(client, query)
        costs.append(len(queries))

    assert costs[0] == costs[1] <= 8
