"""Settings: what production needs, and what is said about bad ones."""

import math
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from vereda import variables
from vereda.accounts.checks import people_settings
from vereda.census.checks import census_settings
from vereda.rights.checks import retention_settings

PRODUCTION = {
    "SECRET_KEY": "k7!fWz2#hQ9xVb4$Lm8@Tn3^Rp6&Yd1*Gs5(Jc0)Aq-and-some-more-of-it",
    "DEBUG": "false",
    "ALLOWED_HOSTS": "vereda.example.org",
    "CSRF_TRUSTED_ORIGINS": "https://vereda.example.org",
    "BEHIND_TLS": "true",
}

SOLVED = {"CAPTCHA_SOLVER": "2captcha", "TWOCAPTCHA_API_KEY": "a-key"}


@pytest.mark.parametrize("source", ["practice", "registraduria"])
def test_the_deployment_check_is_clean_with_production_variables(source: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env={**os.environ, **PRODUCTION, **SOLVED, "CENSUS_SOURCE": source},
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
        ("ALERT_URLS", ["ana@example.org"], "census.E019"),
        ("EVIDENCE_DAYS", 10**9, "census.E008"),
        ("CENSUS_PACE_SECONDS", [150.0], "census.E007"),
        ("CENSUS_PACE_SECONDS", [math.nan], "census.E007"),
        ("CENSUS_PACE_SECONDS", [math.inf], "census.E007"),
        ("CENSUS_REST_SECONDS", math.nan, "census.E006"),
        ("CENSUS_REST_SECONDS", math.inf, "census.E006"),
        ("TWOCAPTCHA_POLL_SECONDS", 0.0, "census.E012"),
        ("TWOCAPTCHA_POLL_SECONDS", -1.0, "census.E012"),
        ("TWOCAPTCHA_POLL_SECONDS", math.nan, "census.E012"),
        ("TWOCAPTCHA_POLL_SECONDS", 90.0, "census.E012"),
        ("Q_CLUSTER", {"workers": 0}, "census.E013"),
        ("CENSUS_RETRY_SECONDS", [60, -300], "census.E014"),
        ("CENSUS_RETRY_SECONDS", [0], "census.E014"),
        ("CENSUS_RETRY_SECONDS", [10**12], "census.E014"),
        ("CENSUS_RETRY_SECONDS", [60] * 21, "census.E014"),
        ("CENSUS_COOLDOWN_SECONDS", -1, "census.E015"),
        ("CENSUS_COOLDOWN_SECONDS", 10**12, "census.E015"),
        ("CENSUS_DAILY_LOOKUPS", [-1], "census.E016"),
        ("CAPTCHA_DAILY_DOLLARS", Decimal(-1), "census.E017"),
        ("CAPTCHA_DAILY_DOLLARS", Decimal("NaN"), "census.E017"),
        ("CENSUS_DAILY_OWN", 0, "census.E018"),
        ("CENSUS_DAILY_PERSON", -1, "census.E018"),
        ("CENSUS_DAILY_LEADER", 0, "census.E018"),
    ],
)
def test_a_bad_setting_is_said_with_a_hint(settings: Any, name: str, value: object, problem: str) -> None:
    setattr(settings, name, value)

    (message,) = census_settings(None)
    assert (message.id, bool(message.hint)) == (problem, True)


@pytest.mark.parametrize(("name", "value"), [("CENSUS_TIMEOUT_SECONDS", 0), ("CENSUS_TIMEOUT_SECONDS", math.nan)])
def test_a_budget_that_no_pace_fits_into_is_said_first(settings: Any, name: str, value: float) -> None:
    setattr(settings, name, value)

    assert "census.E004" in [message.id for message in census_settings(None)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CENSUS_RETRY_SECONDS", []),
        ("CENSUS_COOLDOWN_SECONDS", 0),
        ("CENSUS_DAILY_LOOKUPS", [0]),
        ("CENSUS_DAILY_LOOKUPS", [None]),
        ("CAPTCHA_DAILY_DOLLARS", Decimal(0)),
        ("CAPTCHA_DAILY_DOLLARS", None),
        ("CENSUS_DAILY_OWN", None),
        ("CENSUS_DAILY_LEADER", 1),
        ("CENSUS_PACE_SECONDS", [149.0]),
    ],
)
def test_a_setting_at_the_edge_of_what_works_is_taken(settings: Any, name: str, value: object) -> None:
    setattr(settings, name, value)

    assert census_settings(None) == []


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("LOGIN_FAILURES", 0, "accounts.E001"),
        ("LOGIN_FAILURES_WIDE", -1, "accounts.E001"),
        ("LOGIN_WAIT_MINUTES", 0.0, "accounts.E002"),
        ("LOGIN_WAIT_MINUTES", math.nan, "accounts.E002"),
        ("LOGIN_WAIT_MINUTES", math.inf, "accounts.E002"),
        ("REGISTRATIONS_PER_HOUR", 0, "accounts.E003"),
        ("PROXY_COUNT", -1, "accounts.E004"),
    ],
)
def test_a_setting_that_locks_people_out_is_said_with_a_hint(
    settings: Any, name: str, value: float, problem: str
) -> None:
    setattr(settings, name, value)

    (message,) = people_settings(None)
    assert (message.id, bool(message.hint)) == (problem, True)


def test_a_page_with_a_captcha_and_nobody_to_solve_it_is_said(settings: Any) -> None:
    settings.CENSUS_SOURCE, settings.CAPTCHA_SOLVER = ["registraduria"], "none"

    assert [message.id for message in census_settings(None)] == ["census.W003"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("CENSUS_RETRY_SECONDS", "60,soon"), ("CENSUS_PACE_SECONDS", "five"), ("CENSUS_DAILY_LOOKUPS", "5;6")],
)
def test_a_list_that_cannot_be_read_is_named(name: str, value: str) -> None:
    code = "try:\n    import vereda.settings\nexcept Exception as error:\n    print(repr(error))"

    printed = printed_by(code, **{name: value})
    assert printed.startswith("ImproperlyConfigured")
    assert name in printed


@pytest.mark.parametrize("minutes", ["1e15", "-1"])
def test_a_wait_without_end_is_said_by_the_check_and_not_by_a_crash(minutes: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "LOGIN_WAIT_MINUTES": minutes},
        capture_output=True,
        text=True,
    )

    assert "accounts.E002" in done.stderr


@pytest.mark.parametrize(("given", "caps"), [("none", "None None None"), ("7", "7 7 7"), ("", "6 12 300")])
def test_the_caps_of_a_day_are_numbers_or_none(given: str, caps: str) -> None:
    code = (
        "from django.conf import settings as s\nprint(s.CENSUS_DAILY_OWN, s.CENSUS_DAILY_PERSON, s.CENSUS_DAILY_LEADER)"
    )
    names = ("CENSUS_DAILY_OWN", "CENSUS_DAILY_PERSON", "CENSUS_DAILY_LEADER")

    assert printed_by(code, **dict.fromkeys(names, given)) == caps


@pytest.mark.parametrize("days", [0, -1, 10**9])
def test_attempts_are_kept_for_a_day_at_least(settings: Any, days: int) -> None:
    settings.ATTEMPTS_DAYS = days

    (message,) = retention_settings(None)
    assert (message.id, bool(message.hint)) == ("rights.E001", True)


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


@pytest.mark.parametrize(
    ("variables", "is_required"),
    [
        ({"CENSUS_SOURCE": "practice"}, "False"),
        ({"CENSUS_SOURCE": "registraduria"}, "True"),
        ({"CENSUS_SOURCE": "registraduria", "DEBUG": "true"}, "False"),
        ({"CENSUS_SOURCE": "registraduria", "REQUIRE_SUPERUSER_2FA": "false"}, "False"),
        ({"CENSUS_SOURCE": "practice", "REQUIRE_SUPERUSER_2FA": "true"}, "True"),
    ],
)
def test_superusers_need_a_second_step_where_the_people_are_real(variables: dict[str, str], is_required: str) -> None:
    code = "from django.conf import settings; print(settings.REQUIRE_SUPERUSER_2FA)"

    assert printed_by(code, **variables) == is_required


@pytest.mark.parametrize(
    ("variables", "count"),
    [({}, "0"), ({"BEHIND_TLS": "true"}, "1"), ({"BEHIND_TLS": "true", "PROXY_COUNT": "2"}, "2")],
)
def test_a_proxy_is_counted_where_one_ends_tls(variables: dict[str, str], count: str) -> None:
    assert printed_by("from django.conf import settings; print(settings.PROXY_COUNT)", **variables) == count


@pytest.mark.parametrize(("given", "keys"), [("", "['the-secret']"), ("new", "['new']"), ("new,old", "['new', 'old']")])
def test_the_audit_is_sealed_by_keys_of_its_own_or_the_secret_key(given: str, keys: str) -> None:
    code = "from django.conf import settings; print(settings.AUDIT_KEYS)"

    assert printed_by(code, SECRET_KEY="the-secret", AUDIT_KEYS=given) == keys


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


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("tgram://1:a/2", ["tgram://1:a/2"]),
        ("tgram://1:a/2,json://b/", ["tgram://1:a/2", "json://b/"]),
        (" tgram://1:a/2 , json://b/\n, ", ["tgram://1:a/2", "json://b/"]),
        ("mailtos://a:b@c.org?to=d@c.org,e@c.org json://b/", ["mailtos://a:b@c.org?to=d@c.org,e@c.org", "json://b/"]),
        ("ana@example.org", ["ana@example.org"]),
    ],
)
def test_addresses_are_parted_by_commas_or_spaces(
    monkeypatch: pytest.MonkeyPatch, text: str, addresses: list[str]
) -> None:
    monkeypatch.setenv("ALERT_URLS", text)

    assert variables.addresses("ALERT_URLS") == addresses


IN_DOTENV = {"CENSUS_PACE_SECONDS": "7", "ALERT_URLS": "json://127.0.0.1:9/", "Q_WORKERS": "3", "REDIS_URL": ""}
SHOW = """
from django.conf import settings
print(settings.CENSUS_PACE_SECONDS, settings.ALERT_URLS, settings.Q_CLUSTER["workers"], settings.REDIS_URL)
"""


def said_in(checkout: Path, **variables: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if name not in IN_DOTENV}
    environment = {**inherited, "PYTHON_DOTENV_DISABLED": "", **variables}
    command = [sys.executable, "-c", SHOW]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True).stdout.strip()


def test_what_stands_in_dotenv_counts_and_the_environment_counts_more(tmp_path: Path) -> None:
    shutil.copytree(Path(settings.BASE_DIR, "vereda"), tmp_path / "vereda")
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in IN_DOTENV.items()))

    assert said_in(tmp_path) == "[7.0] ['json://127.0.0.1:9/'] 3"
    assert said_in(tmp_path, CENSUS_PACE_SECONDS="9", REDIS_URL="redis://127.0.0.1:9/0") == (
        "[9.0] ['json://127.0.0.1:9/'] 3 redis://127.0.0.1:9/0"
    )
