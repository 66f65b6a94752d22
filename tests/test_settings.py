"""Settings: what production needs, and what is said about bad ones."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from vereda.census.checks import census_settings

PRODUCTION = {
    "SECRET_KEY": "k7!fWz2#hQ9xVb4$Lm8@Tn3^Rp6&Yd1*Gs5(Jc0)Aq-and-some-more-of-it",
    "DEBUG": "false",
    "ALLOWED_HOSTS": "vereda.example.org",
    "CSRF_TRUSTED_ORIGINS": "https://vereda.example.org",
    "BEHIND_TLS": "true",
}


def test_the_deployment_check_is_clean_with_production_variables() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env={**os.environ, **PRODUCTION},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("CENSUS_SOURCE", ["nobody"], "census.E001"),
        ("CENSUS_SOURCE", ["practice", "practice"], "census.E001"),
        ("CENSUS_SOURCE", ["practice", "registraduria"], "census.E010"),
        ("CENSUS_SOURCE", ["verifik"], "census.W002"),
        ("CENSUS_SOURCE", ["registraduria", "verifik"], "census.W002"),
        ("CENSUS_URL", ["http://localhost/", "http://localhost/"], "census.E009"),
        ("CENSUS_URL", ["http://practice.example.org/"], "census.E010"),
        ("CENSUS_DAILY_LOOKUPS", [1, 2], "census.E009"),
        ("VERIFIK_TOKEN", "un\ntoken", "census.E011"),
        ("CAPTCHA_SOLVER", "nobody", "census.E002"),
        ("TWOCAPTCHA_API_KEY", "", "census.E003"),
        ("CENSUS_TIMEOUT_SECONDS", 300, "census.E004"),
        ("CENSUS_IN_FLIGHT", 0, "census.E005"),
        ("CENSUS_BREAKER_FAILURES", 0, "census.E006"),
        ("CENSUS_REST_SECONDS", 0, "census.E006"),
        ("CENSUS_PACE_SECONDS", [0.001], "census.E007"),
        ("EVIDENCE_DAYS", -1, "census.E008"),
        ("EVIDENCE_DAYS", 10**9, "census.E008"),
        ("CENSUS_TIMEOUT_SECONDS", 0, "census.E004"),
    ],
)
def test_a_bad_setting_is_said_with_a_hint(settings: Any, name: str, value: object, problem: str) -> None:
    setattr(settings, name, value)

    (message,) = census_settings(None)
    assert (message.id, bool(message.hint)) == (problem, True)


def test_a_pace_that_is_impolite_to_the_real_site_is_said(settings: Any) -> None:
    settings.CENSUS_SOURCE = ["registraduria"]
    settings.CENSUS_PACE_SECONDS = [1]

    assert [message.id for message in census_settings(None)] == ["census.W001"]


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite only")
def test_sqlite_begins_every_transaction_as_a_writer_and_minds_its_foreign_keys() -> None:
    assert settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20_000,)


def test_variables_that_are_set_to_nothing_leave_practice_on_this_machine() -> None:
    empty = dict.fromkeys(
        ["CENSUS_SOURCE", "CAPTCHA_SOLVER", "TWOCAPTCHA_URL", "TWOCAPTCHA_API_KEY", "DATABASE_URL"], ""
    )
    code = "from django.conf import settings as s; print(s.CENSUS_SOURCE, s.CAPTCHA_SOLVER, s.TWOCAPTCHA_URL)"

    assert printed_by(code, **empty) == "['practice'] 2captcha http://127.0.0.1:8800"


def test_switching_to_the_real_site_drops_every_practice_setting() -> None:
    code = "from django.conf import settings as s; print(s.CAPTCHA_SOLVER, repr(s.TWOCAPTCHA_URL), s.CENSUS_URL or '-')"

    assert printed_by(code, CENSUS_SOURCE="registraduria") == "none '' -"


def printed_by(code: str, **variables: str) -> str:
    """Run code in a fresh interpreter with these variables and return what it prints."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "vereda.settings", **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )
    return done.stdout.strip()
