"""The whole way: our browser and captcha client against the practice site, through a real headless Chromium."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from practice.people import hostile_place, place_of
from practice.server import PracticeServer
from tests.census.sources.asking.loop import LoopThread
from tests.census.sources.conftest import MakeSource, Practised
from vereda.census.sources.asking import browser as browser_module
from vereda.census.sources.asking.browser import Browser
from vereda.census.sources.asking.captcha import TwoCaptcha
from vereda.census.sources.asking.dialects.ajax import AjaxDialect
from vereda.census.sources.asking.page import CensusSource
from vereda.census.sources.port import Cancelled, Failure, FailureKind, Found, LookupHooks, NotFound, Outcome, Source
from vereda.census.sources.reading.evidence import without_cedula
from vereda.census.sources.reading.readers import Reply
from vereda.census.sources.reading.replaying import read_again


def ask(loop: LoopThread, source: Source, cedula: str) -> Outcome:
    return loop.run(source.lookup(LookupHooks(cedula)))


def place(cedula: str) -> Found:
    expected = place_of(cedula) if not cedula.endswith("81") else hostile_place(cedula)
    return Found(expected.municipio, expected.puesto, expected.mesa, expected.departamento, expected.direccion)


@pytest.mark.parametrize("cedula", ["10001", "190001", "19000001", "1900000090", "1900000081"])
def test_a_voting_place_is_read_whole(practised: Practised, cedula: str) -> None:
    assert practised(cedula) == place(cedula)


@pytest.mark.parametrize(
    ("cedula", "novedad"),
    [
        ("1900000099", "Cancelada por Muerte"),
        ("1900000098", "Cancelada por Doble Cedulación"),
        ("1900000097", "Vigente con Perdida o Suspension de los Derechos Politicos"),
        ("1900000086", "Pendiente por Solicitud en proceso"),
        ("1900000085", "Cancelada por Falsa Identidad"),
        ("1900000083", "Cancelada por Muerte"),
    ],
)
def test_a_novedad_is_read_whole(practised: Practised, cedula: str, novedad: str) -> None:
    outcome = practised(cedula)
    assert isinstance(outcome, Cancelled)
    assert outcome.novedad == novedad
    assert outcome.resolucion
    assert outcome.fecha_novedad


@pytest.mark.parametrize("cedula", ["1900000096", "1900000089"])
def test_both_ways_of_not_being_in_the_census(practised: Practised, cedula: str) -> None:
    assert practised(cedula) == NotFound()


@pytest.mark.parametrize(
    ("cedula", "status"),
    [
        ("1900000095", "blocked"),
        ("1900000093", "network_error"),
        ("1900000092", "parse_error"),
        ("1900000091", "captcha_failed"),
        ("1900000088", "network_error"),
        ("1900000087", "network_error"),
        ("1900000084", "parse_error"),
        ("1900000082", "network_error"),
        ("1900000080", "network_error"),
    ],
)
def test_every_bad_mood_is_a_failure_of_its_kind(practised: Practised, cedula: str, status: str) -> None:
    outcome = practised(cedula)
    assert isinstance(outcome, Failure)
    assert outcome.status == status
    assert cedula not in outcome.reason


def test_a_site_that_never_replies_costs_the_budget_and_no_more(loop: LoopThread, make_source: MakeSource) -> None:
    outcome = loop.run(make_source(seconds=5).lookup(LookupHooks("19000094")), seconds=15)
    assert outcome == Failure(FailureKind.TIMEOUT, "the site did not reply in time")


def test_a_connection_that_was_cut_once_works_the_next_time(loop: LoopThread, make_source: MakeSource) -> None:
    assert ask(loop, make_source(), "1906279").status == "network_error"
    assert ask(loop, make_source(), "1906279") == place("1906279")


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
def test_every_mood_of_the_page_has_its_status(
    loop: LoopThread, make_source: MakeSource, mood: str, status: str
) -> None:
    outcome = ask(loop, make_source(query=f"?animo={mood}"), "19000001")
    assert outcome.status == status


def test_a_page_that_never_loads_costs_the_budget_and_no_more(loop: LoopThread, make_source: MakeSource) -> None:
    source = make_source(query="?animo=sin-respuesta", seconds=1)
    outcome = loop.run(source.lookup(LookupHooks("19000001")), seconds=10)
    assert outcome == Failure(FailureKind.TIMEOUT, "the page did not load in time", is_unreachable=True)


def test_no_captcha_is_bought_for_a_page_that_has_none(loop: LoopThread, make_source: MakeSource) -> None:
    with PracticeServer() as site:
        outcome = ask(loop, make_source(site.census_url, query="?captcha=no"), "19000001")
        assert outcome == place("19000001")
        assert not site.journal.of("captcha_task")


@pytest.mark.parametrize("cedula", ["19000087", "19000001"])
def test_one_lookup_loads_the_page_once_and_asks_once(loop: LoopThread, make_source: MakeSource, cedula: str) -> None:
    with PracticeServer() as site:
        captcha = TwoCaptcha("una-clave", site.captcha_url, poll_seconds=0.01)
        ask(loop, make_source(site.census_url, captcha=captcha), cedula)
        assert [entry.kind for entry in site.journal] == ["page", "captcha_task", "captcha_result", "consulta"]


@pytest.mark.parametrize("cedula", ["19000088", "19000096", "19000095", "19000001"])
def test_a_token_is_not_complained_about_when_the_captcha_was_not_the_trouble(
    loop: LoopThread, make_source: MakeSource, cedula: str
) -> None:
    with PracticeServer() as site:
        captcha = TwoCaptcha("una-clave", site.captcha_url, poll_seconds=0.01)
        ask(loop, make_source(site.census_url, captcha=captcha), cedula)
        assert not site.journal.of("captcha_report")


@pytest.mark.parametrize(("key", "cedula"), [("una-clave", "19000091"), ("token-malo", "19000001")])
def test_a_token_that_the_site_refused_is_reported(
    loop: LoopThread, make_source: MakeSource, key: str, cedula: str
) -> None:
    with PracticeServer() as site:
        captcha = TwoCaptcha(key, site.captcha_url, poll_seconds=0.01)
        outcome = ask(loop, make_source(site.census_url, captcha=captcha), cedula)
        assert outcome.status == "captcha_failed"
        assert [entry.detail for entry in site.journal.of("captcha_report")] == ["incorrect"]


@pytest.mark.parametrize("key", ["sin-saldo", "clave-mala", "sin-cupo", "imposible", "basura", "http-502"])
def test_a_captcha_that_cannot_be_had_is_a_captcha_failure(
    loop: LoopThread, make_source: MakeSource, site: PracticeServer, key: str
) -> None:
    captcha = TwoCaptcha(key, site.captcha_url, poll_seconds=0.01)
    outcome = ask(loop, make_source(captcha=captcha), "19000001")
    assert outcome.status == "captcha_failed"


@pytest.mark.parametrize("key", ["lento", "mudo"])
def test_a_captcha_that_comes_too_late_is_a_captcha_failure_within_the_budget(
    loop: LoopThread, make_source: MakeSource, site: PracticeServer, key: str
) -> None:
    captcha = TwoCaptcha(key, site.captcha_url, poll_seconds=0.05)
    outcome = loop.run(make_source(captcha=captcha, seconds=4).lookup(LookupHooks("19000001")), seconds=15)
    assert outcome == Failure(FailureKind.CAPTCHA_FAILED, "the captcha was not solved in time")


def test_a_lookup_at_the_practice_site_asks_no_other_host_for_anything(
    loop: LoopThread, site: PracticeServer, solver: TwoCaptcha, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the page nor Chromium by itself: its own log tells which names it wanted to know the addresses of."""
    log = tmp_path / "net.json"
    monkeypatch.setattr(browser_module, "_ARGUMENTS", (*browser_module._ARGUMENTS, f"--log-net-log={log}"))
    source = CensusSource("practice", site.census_url, browser=Browser(), solver=solver, timeout_seconds=30)
    assert ask(loop, source, "19000001") == place("19000001")
    loop.run(source.close())
    assert hosts_wanted(json.loads(log.read_text())) <= {site.origin, "http://~notfound", "https://~notfound"}


def hosts_wanted(net_log: dict[str, Any]) -> set[str]:
    request = net_log["constants"]["logEventTypes"]["HOST_RESOLVER_MANAGER_REQUEST"]
    wanted = [event.get("params", {}).get("host", "") for event in net_log["events"] if event["type"] == request]
    return {host for host in wanted if host}


def test_no_cedula_gets_into_a_log_line(
    loop: LoopThread, make_source: MakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for cedula in ("19000001", "19000095", "19000093"):
        ask(loop, make_source(), cedula)
        assert cedula not in caplog.text
    assert "cedula=••••0001" in caplog.text


def test_a_check_of_the_source_asks_about_nobody(loop: LoopThread, make_source: MakeSource) -> None:
    with PracticeServer() as site:
        met = loop.run(make_source(site.census_url).check())
        form = re.escape(f"practice: a form of the ajax kind at {site.census_url}, captcha reCAPTCHA v2, in ")
        assert re.fullmatch(form + r"\d\.\d s", met)
        assert [entry.kind for entry in site.journal] == ["page"]


class Blind(AjaxDialect):
    """The dialect of a day on which nobody could read the page any more."""

    def read(self, reply: Reply, cedula: str) -> Failure:
        return Failure(FailureKind.PARSE_ERROR, "the result says nothing known")


@pytest.mark.parametrize("ending", ["01", "99", "98", "96", "89"])
def test_what_nobody_could_read_that_day_is_read_later_as_it_would_have_been(
    loop: LoopThread,
    site: PracticeServer,
    shared_browser: Browser,
    solver: TwoCaptcha,
    practised: Practised,
    ending: str,
) -> None:
    cedula = f"190000{ending}"
    blind = CensusSource("practice", site.census_url, browser=shared_browser, solver=solver, dialects=[Blind()])
    failure = loop.run(blind.lookup(LookupHooks(cedula)))

    assert isinstance(failure, Failure)
    evidence = without_cedula(failure.evidence, cedula)
    assert cedula not in evidence
    assert read_again(evidence, failure.reader, cedula) == practised(cedula)
