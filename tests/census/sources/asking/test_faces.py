"""Every mood of every face of the practice site through the real browser: (face, reply) and the exact result."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from practice.moods import MOODS
from practice.people import hostile_place, novedad_of, place_of
from practice.server import PracticeServer
from practice.site import Face
from tests.census.sources.asking.loop import LoopThread
from tests.census.sources.conftest import MakeSource
from vereda.census.sources.asking.browser import Browser
from vereda.census.sources.asking.captcha import TwoCaptcha
from vereda.census.sources.asking.page import CensusSource
from vereda.census.sources.port import Cancelled, Failure, FailureKind, Found, LookupHooks, NotFound, Outcome

type Outcomes = dict[tuple[Face, str], Outcome]

FACES = list(Face)
LATER = [Face.HTML, Face.JSON]
SUSPENDED = "Vigente con Perdida o Suspension de los Derechos Politicos"


def cedula_of(ending: str) -> str:
    return f"19000000{ending}"


def place(ending: str) -> Found:
    make = hostile_place if ending == "81" else place_of
    voting = make(cedula_of(ending))
    return Found(voting.municipio, voting.puesto, voting.mesa, voting.departamento, voting.direccion)


def novedad(ending: str, words: str) -> dict[Face, Outcome]:
    """The JSON face gives no resolución and no date."""
    in_table = Cancelled(words, *novedad_of(cedula_of(ending)))
    return {Face.AJAX: in_table, Face.HTML: in_table, Face.JSON: Cancelled(words)}


def failure(kind: FailureKind, reason: str, **of_face: str) -> dict[Face, Outcome]:
    return {face: Failure(kind, of_face.get(face, reason)) for face in FACES}


def alike(outcome: Outcome) -> dict[Face, Outcome]:
    return dict.fromkeys(FACES, outcome)


RESULTS: dict[str, dict[Face, Outcome]] = {
    **{ending: alike(place(ending)) for ending in ("01", "90", "81", "77", "76")},
    "99": novedad("99", "Cancelada por Muerte"),
    "98": novedad("98", "Cancelada por Doble Cedulación"),
    "97": novedad("97", SUSPENDED),
    "96": alike(NotFound()),
    "95": failure(FailureKind.BLOCKED, "the site blocked us (HTTP 200)"),
    "93": failure(FailureKind.NETWORK_ERROR, "the site could not be reached (ERR_EMPTY_RESPONSE)"),
    "92": failure(
        FailureKind.PARSE_ERROR,
        "the result says nothing known",
        html="the site answered a page without a known result (HTTP 200)",
        json="the reply says nothing known",
    ),
    "91": failure(FailureKind.CAPTCHA_FAILED, "the site did not accept the captcha"),
    "89": alike(NotFound()),
    "88": failure(FailureKind.NETWORK_ERROR, "the site could not reach its own service"),
    "87": failure(
        FailureKind.NETWORK_ERROR,
        "the site's session was over",
        ajax="the site asked to load the page again: its session was over",
    ),
    "86": novedad("86", "Pendiente por Solicitud en proceso"),
    "85": novedad("85", "Cancelada por Falsa Identidad"),
    "84": failure(FailureKind.PARSE_ERROR, "a voting place without its municipio, puesto or mesa"),
    "83": novedad("83", "Cancelada por Muerte"),
    "82": failure(FailureKind.NETWORK_ERROR, "the site answered HTTP 504"),
    "80": failure(FailureKind.NETWORK_ERROR, "the census is being updated", html="the site is being updated"),
}
TIMED = {"94", "79"}
CASES = [(face, ending, result) for ending, results in RESULTS.items() for face, result in results.items()]


@pytest.fixture(scope="module")
def faces() -> Iterator[PracticeServer]:
    with PracticeServer(slow_seconds=0.5, overlay_seconds=0.05) as server:
        yield server


@pytest.fixture(scope="module")
def outcomes(loop: LoopThread, faces: PracticeServer, shared_browser: Browser) -> Outcomes:
    """What each face said about each cédula, a few asked at a time."""
    solver = TwoCaptcha("una-clave", faces.captcha_url, poll_seconds=0.01)
    few = asyncio.Semaphore(4)

    async def ask(face: Face, ending: str) -> Outcome:
        url = faces.url_of(face)
        source = CensusSource("practice", url, browser=shared_browser, solver=solver, timeout_seconds=60)
        async with few:
            return await source.lookup(LookupHooks(cedula_of(ending)))

    async def ask_all() -> Outcomes:
        asked = [(face, ending) for face, ending, _ in CASES]
        return dict(zip(asked, await asyncio.gather(*(ask(*case) for case in asked)), strict=True))

    return loop.run(ask_all(), seconds=300)


def test_the_table_has_every_mood_and_enough_cases() -> None:
    assert {mood.ending for mood in MOODS} - TIMED == set(RESULTS) - {"01"}
    assert len(CASES) >= 60


@pytest.mark.parametrize(("face", "ending", "result"), CASES, ids=[f"{face}-{ending}" for face, ending, _ in CASES])
def test_every_reply_of_every_face_has_its_exact_result(
    outcomes: Outcomes, face: Face, ending: str, result: Outcome
) -> None:
    outcome = outcomes[face, ending]
    if isinstance(outcome, Failure) and isinstance(result, Failure):
        assert (outcome.kind, outcome.reason) == (result.kind, result.reason)
        assert outcome.evidence or outcome.kind is FailureKind.NETWORK_ERROR
    else:
        assert outcome == result


@pytest.mark.parametrize("face", LATER)
def test_a_face_that_never_replies_costs_the_budget_and_no_more(
    loop: LoopThread, make_source: MakeSource, site: PracticeServer, face: Face
) -> None:
    source = make_source(site.url_of(face), seconds=4)
    outcome = loop.run(source.lookup(LookupHooks(cedula_of("94"))), seconds=15)
    assert outcome == Failure(FailureKind.TIMEOUT, "the site did not reply in time")


@pytest.mark.parametrize("face", LATER)
def test_a_face_that_was_cut_once_works_the_next_time(loop: LoopThread, make_source: MakeSource, face: Face) -> None:
    with PracticeServer(overlay_seconds=0) as site:
        captcha = TwoCaptcha("una-clave", site.captcha_url, poll_seconds=0.01)
        source = make_source(site.url_of(face), captcha=captcha)
        assert loop.run(source.lookup(LookupHooks(cedula_of("79")))).status == "network_error"
        assert loop.run(source.lookup(LookupHooks(cedula_of("79")))) == place("79")


@pytest.mark.parametrize("face", LATER)
@pytest.mark.parametrize(
    ("mood", "status"),
    [
        ("bloqueo", "blocked"),
        ("bloqueo-200", "blocked"),
        ("caida", "network_error"),
        ("corte", "network_error"),
        ("mantenimiento", "network_error"),
        ("desconocido", "parse_error"),
        ("vacio", "parse_error"),
        ("error-una-vez", "found"),
        ("lento", "found"),
    ],
)
def test_every_mood_of_a_page_has_its_status_whatever_its_face(
    loop: LoopThread, make_source: MakeSource, site: PracticeServer, face: Face, mood: str, status: str
) -> None:
    source = make_source(site.url_of(face), query=f"?animo={mood}")
    assert loop.run(source.lookup(LookupHooks("19000001"))).status == status


@pytest.mark.parametrize("face", LATER)
def test_one_lookup_loads_a_face_once_and_asks_once(loop: LoopThread, make_source: MakeSource, face: Face) -> None:
    with PracticeServer() as site:
        captcha = TwoCaptcha("una-clave", site.captcha_url, poll_seconds=0.01)
        loop.run(make_source(site.url_of(face), captcha=captcha).lookup(LookupHooks("19000001")))
        assert [entry.kind for entry in site.journal] == ["page", "captcha_task", "captcha_result", "consulta"]


@pytest.mark.parametrize("face", LATER)
def test_no_captcha_is_bought_for_a_face_that_has_none(loop: LoopThread, make_source: MakeSource, face: Face) -> None:
    with PracticeServer() as site:
        source = make_source(site.url_of(face), query="?captcha=no")
        assert loop.run(source.lookup(LookupHooks(cedula_of("01")))) == place("01")
        assert not site.journal.of("captcha_task")


@pytest.mark.parametrize("face", LATER)
def test_a_token_that_a_face_refused_is_reported(loop: LoopThread, make_source: MakeSource, face: Face) -> None:
    with PracticeServer() as site:
        captcha = TwoCaptcha("token-malo", site.captcha_url, poll_seconds=0.01)
        outcome = loop.run(make_source(site.url_of(face), captcha=captcha).lookup(LookupHooks("19000001")))
        assert outcome.status == "captcha_failed"
        assert [entry.detail for entry in site.journal.of("captcha_report")] == ["incorrect"]


def test_the_same_address_changes_its_face_overnight(loop: LoopThread, make_source: MakeSource) -> None:
    with PracticeServer() as site:
        captcha = TwoCaptcha("una-clave", site.captcha_url, poll_seconds=0.01)
        source = make_source(site.census_url, captcha=captcha)
        for face in (Face.AJAX, Face.JSON, Face.HTML, Face.AJAX):
            site.site.face = face
            assert f"a form of the {face} kind at {site.census_url}" in loop.run(source.check())
            assert loop.run(source.lookup(LookupHooks(cedula_of("01")))) == place("01")
            assert loop.run(source.lookup(LookupHooks(cedula_of("96")))) == NotFound()


def test_a_cover_over_the_form_is_waited_for_and_nothing_else(loop: LoopThread, make_source: MakeSource) -> None:
    with PracticeServer(overlay_seconds=2.0) as site:
        source = make_source(site.url_of(Face.HTML), query="?captcha=no")
        began = time.monotonic()
        assert loop.run(source.lookup(LookupHooks(cedula_of("01")))) == place("01")
        assert 2.0 <= time.monotonic() - began < 6.0


@pytest.mark.parametrize("face", FACES)
def test_no_cedula_and_no_token_is_in_the_evidence_of_a_page_without_a_known_result(
    outcomes: Outcomes, face: Face
) -> None:
    outcome = outcomes[face, "92"]
    assert isinstance(outcome, Failure)
    assert "R-17" in outcome.evidence
    assert "03APractica" not in outcome.evidence
