"""The roster: which sources are asked, and what the settings say of each."""

from typing import Any

import pytest

from tests.test_settings import printed_by
from vereda.census import roster


def test_a_source_that_needs_a_token_is_off_without_one(settings: Any) -> None:
    settings.CENSUS_SOURCE, settings.VERIFIK_TOKEN = ["registraduria", "verifik"], ""
    assert roster.names() == ["registraduria"]

    settings.VERIFIK_TOKEN = "a-token"
    assert roster.names() == ["registraduria", "verifik"]


def test_an_address_belongs_to_the_source_at_its_place(settings: Any) -> None:
    settings.CENSUS_SOURCE = ["registraduria", "consultacenso", "verifik"]
    settings.CENSUS_URL = ["", "https://censo.example.org/"]

    addresses = [roster.configuration(name).address for name in settings.CENSUS_SOURCE]
    assert addresses == [
        "https://wsp.registraduria.gov.co/censo/consultar/",
        "https://censo.example.org/",
        "https://api.verifik.co/v2/co/registraduria/votacion",
    ]


@pytest.mark.parametrize("source", ["consultacenso", "verifik", "of another day"])
def test_the_last_value_counts_for_the_rest(settings: Any, source: str) -> None:
    settings.CENSUS_SOURCE = ["registraduria", "consultacenso", "verifik"]
    settings.CENSUS_PACE_SECONDS, settings.CENSUS_DAILY_LOOKUPS = [9, 5], [100, None]

    assert (roster.pace_seconds(source), roster.daily_lookups(source)) == (5, None)
    assert (roster.pace_seconds("registraduria"), roster.daily_lookups("registraduria")) == (9, 100)


def test_lists_are_read_from_the_environment_with_their_empty_places() -> None:
    names = ("CENSUS_SOURCE", "CENSUS_URL", "CENSUS_PACE_SECONDS", "CENSUS_DAILY_LOOKUPS")
    code = f"from django.conf import settings as s; print({', '.join(f's.{name}' for name in names)})"
    printed = printed_by(
        code,
        CENSUS_SOURCE="registraduria, verifik",
        CENSUS_URL=",http://localhost:1/",
        CENSUS_PACE_SECONDS="5,0.5",
        CENSUS_DAILY_LOOKUPS="none,20",
    )

    assert printed == "['registraduria', 'verifik'] ['', 'http://localhost:1/'] [5.0, 0.5] [None, 20]"


def test_the_practice_site_brings_its_captcha_service_at_whichever_place_it_stands() -> None:
    code = "from django.conf import settings as s; print(s.CAPTCHA_SOLVER, s.TWOCAPTCHA_URL)"

    assert printed_by(code, CENSUS_SOURCE="verifik,practice", CENSUS_URL=",http://127.0.0.1:99/x") == (
        "2captcha http://127.0.0.1:99"
    )
