"""Verifik as the practice site plays it: every ending and token over HTTP, each with its exact outcome."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from practice.moods import MOODS
from practice.people import hostile_place, place_of
from practice.server import PracticeServer
from practice.verifik import SPECIAL_TOKENS, TOKEN
from tests.census.sources.asking.loop import LoopThread
from vereda.census.sources.asking.verifik import VerifikSource
from vereda.census.sources.config import KNOWN_SOURCES
from vereda.census.sources.port import Failure, FailureKind, Found, LookupHooks, NotFound, Outcome, UnreachableError

WITHOUT_PLACE = Failure(FailureKind.PARSE_ERROR, "a voting place without its municipio, puesto or mesa")
SERVER_ERROR = Failure(FailureKind.NETWORK_ERROR, "the service answered HTTP 500", is_unreachable=True)
CUT = Failure(
    FailureKind.NETWORK_ERROR, "the service could not be reached (ServerDisconnectedError)", is_unreachable=True
)


def cedula_of(ending: str) -> str:
    return f"19000000{ending}"


def place(ending: str) -> Found:
    make = hostile_place if ending == "81" else place_of
    voting = make(cedula_of(ending))
    return Found(voting.municipio, voting.puesto, voting.mesa, voting.departamento, voting.direccion)


RESULTS: dict[str, Outcome] = {
    **{ending: place(ending) for ending in ("01", "90", "81", "77", "76")},
    **dict.fromkeys(("96", "89"), NotFound()),
    **dict.fromkeys(("99", "98", "97", "86", "85", "84", "83", "92"), WITHOUT_PLACE),
    **dict.fromkeys(("91", "88", "87"), SERVER_ERROR),
    "95": Failure(FailureKind.BLOCKED, "the site blocked us (HTTP 200)"),
    "94": Failure(FailureKind.TIMEOUT, "the service did not reply in time"),
    "93": CUT,
    "82": Failure(FailureKind.NETWORK_ERROR, "the service answered HTTP 504", is_unreachable=True),
    "80": Failure(FailureKind.NETWORK_ERROR, "the service says that it is out of service", is_unreachable=True),
}

REFUSALS = {
    "": "the service refused the token (HTTP 401)",
    "otra": "the service refused the token (HTTP 401)",
    "sin-saldo": "the service refused: no credits are left (HTTP 402)",
    "sin-permiso": "the service refused: the token may not be used for this (HTTP 403)",
    "de-prisa": "the service was asked too often (HTTP 429)",
}


@pytest.fixture(scope="module")
def service() -> Iterator[PracticeServer]:
    with PracticeServer(slow_seconds=0.1) as server:
        yield server


def verifik(service: PracticeServer, *, token: str = TOKEN, seconds: float = 20.0) -> VerifikSource:
    return VerifikSource("verifik", service.verifik_url, token=token, timeout_seconds=seconds)


def ask(loop: LoopThread, source: VerifikSource, cedula: str) -> Outcome:
    return loop.run(source.lookup(LookupHooks(cedula)))


def without_evidence(outcome: Outcome) -> Outcome:
    return replace(outcome, evidence="", reader="") if isinstance(outcome, Failure) else outcome


def test_the_table_has_every_mood_but_the_one_that_remembers() -> None:
    assert {mood.ending for mood in MOODS} - {"79"} == set(RESULTS) - {"01"}
    assert {special.token for special in SPECIAL_TOKENS} < set(REFUSALS)


@pytest.mark.parametrize(("ending", "result"), RESULTS.items(), ids=RESULTS)
def test_every_ending_has_its_exact_outcome(
    loop: LoopThread, service: PracticeServer, ending: str, result: Outcome
) -> None:
    source = verifik(service, seconds=0.5 if ending == "94" else 20)
    assert without_evidence(ask(loop, source, cedula_of(ending))) == result


@pytest.mark.parametrize(("token", "reason"), REFUSALS.items(), ids=lambda text: text or "none")
def test_a_refused_token_blocks_and_is_no_outage(
    loop: LoopThread, service: PracticeServer, token: str, reason: str
) -> None:
    outcome = ask(loop, verifik(service, token=token), cedula_of("01"))
    assert without_evidence(outcome) == Failure(FailureKind.BLOCKED, reason)


@pytest.mark.parametrize("cedula", ["10001", "190001", "19000001"])
def test_a_cedula_of_any_length_is_found(loop: LoopThread, service: PracticeServer, cedula: str) -> None:
    assert ask(loop, verifik(service), cedula).status == "found"


def test_a_question_whose_connection_is_cut_is_asked_once_and_works_the_next_time(loop: LoopThread) -> None:
    with PracticeServer() as service:
        assert without_evidence(ask(loop, verifik(service), cedula_of("79"))) == CUT
        assert len(service.journal.of("consulta")) == 1
        assert ask(loop, verifik(service), cedula_of("79")) == place("79")


def test_a_lookup_asks_once(loop: LoopThread) -> None:
    with PracticeServer() as service:
        ask(loop, verifik(service), cedula_of("01"))
        assert [(entry.kind, entry.detail) for entry in service.journal] == [("consulta", "verifik")]


def test_a_huge_reply_is_given_up(loop: LoopThread, service: PracticeServer) -> None:
    source = VerifikSource("verifik", f"{service.verifik_url}?animo=enorme", token=TOKEN, timeout_seconds=20)
    assert ask(loop, source, cedula_of("01")) == Failure(
        FailureKind.PARSE_ERROR, "the reply is too long (more than 2000000 bytes)"
    )


def test_the_budget_is_kept(loop: LoopThread, service: PracticeServer) -> None:
    outcome = loop.run(verifik(service, seconds=0.3).lookup(LookupHooks(cedula_of("94"))), seconds=3)
    assert outcome.status == "timeout"


def test_a_check_asks_about_nobody(loop: LoopThread) -> None:
    with PracticeServer() as service:
        met = loop.run(verifik(service).check())
        said = re.escape(f"verifik: the service answers at {service.verifik_url}, token accepted, in ")
        assert re.fullmatch(said + r"\d\.\d s", met)
        assert not service.journal


@pytest.mark.parametrize(("token", "reason"), REFUSALS.items(), ids=lambda text: text or "none")
def test_a_check_with_a_refused_token_says_why(
    loop: LoopThread, service: PracticeServer, token: str, reason: str
) -> None:
    with pytest.raises(UnreachableError, match=re.escape(reason)):
        loop.run(verifik(service, token=token).check())


def test_a_check_of_an_unreachable_service_says_so(loop: LoopThread) -> None:
    source = VerifikSource("verifik", "http://127.0.0.1:1/", token=TOKEN, timeout_seconds=5)
    with pytest.raises(UnreachableError, match=r"^the service could not be reached \(ClientConnectorError\)$"):
        loop.run(source.check())


def test_a_check_of_another_page_says_what_it_found(loop: LoopThread, service: PracticeServer) -> None:
    source = VerifikSource("verifik", service.census_url, token=TOKEN, timeout_seconds=5)
    with pytest.raises(UnreachableError, match=r"^the site answered text/html instead of JSON"):
        loop.run(source.check())


def test_closing_twice_is_safe(loop: LoopThread, service: PracticeServer) -> None:
    source = verifik(service)
    loop.run(source.close())
    loop.run(source.close())


def test_no_cedula_and_no_token_gets_into_a_log_line_or_a_reason(
    loop: LoopThread, service: PracticeServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for ending in RESULTS:
        outcome = ask(loop, verifik(service, seconds=0.5), cedula_of(ending))
        assert cedula_of(ending) not in getattr(outcome, "reason", "")
        assert cedula_of(ending) not in caplog.text
    assert f"Bearer {TOKEN}" not in caplog.text
    assert "cedula=••••0001" in caplog.text


def test_the_token_is_in_no_representation() -> None:
    source = VerifikSource("verifik", KNOWN_SOURCES["verifik"].url, token="un-secreto", timeout_seconds=5)
    assert "un-secreto" not in repr(source)
