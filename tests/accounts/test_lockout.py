"""Wrong passwords: how many are taken, who has to wait, and what somebody who guesses learns from it."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt, AccessLog
from django.test import Client
from django.utils import timezone

from tests import make
from vereda.accounts import traces
from vereda.accounts.models import User

UNKNOWN = "900999999"
WRONG = "no-es-esta"
NOW = timezone.now().replace(microsecond=0)
STREET = "203.0.113.9"


@pytest.fixture(autouse=True)
def limits(db: None, settings: Any) -> None:
    settings.LOGIN_FAILURES, settings.LOGIN_FAILURES_WIDE = 3, 8


def log_in(client: Client, cedula: str, password: str = WRONG, address: str = STREET, **headers: str) -> Any:
    form = {"username": cedula, "password": password, "next": "/referidos/?q=Caro"}
    return client.post("/ingresar/", form, REMOTE_ADDR=address, headers=headers)


def fail(client: Client, cedula: str, times: int, address: str = STREET) -> list[int]:
    return [log_in(client, cedula, address=address).status_code for _ in range(times)]


@pytest.mark.parametrize("cedula", ["", UNKNOWN])
def test_after_so_many_failures_whoever_it_is_has_to_wait(client: Client, caro: User, cedula: str) -> None:
    cedula = cedula or caro.cedula

    assert fail(client, cedula, 5) == [200, 200, 429, 429, 429]


def test_who_has_to_wait_is_not_let_in_with_the_right_password(client: Client, caro: User) -> None:
    fail(client, caro.cedula, 3)

    assert log_in(client, caro.cedula, make.PASSWORD).status_code == 429
    assert "_auth_user_id" not in client.session


def test_the_wait_is_shown_and_the_same_for_a_cedula_that_nobody_has(client: Client, caro: User) -> None:
    with time_machine.travel(NOW, tick=False):
        fail(client, caro.cedula, 3)
        fail(client, UNKNOWN, 3)
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        known, unknown = log_in(client, caro.cedula), log_in(client, UNKNOWN)

    assert known["Retry-After"] == unknown["Retry-After"] == "600"
    assert "Espere 10 minutos." in known.content.decode()
    pages = {re.sub(r'nonce="[^"]*"', "", answer.content.decode()) for answer in (known, unknown)}
    assert len(pages) == 1


def test_after_the_wait_the_right_password_lets_in_and_what_was_tried_meanwhile_made_it_no_longer(
    client: Client, caro: User
) -> None:
    with time_machine.travel(NOW, tick=False):
        fail(client, caro.cedula, 3)
    with time_machine.travel(NOW + timedelta(minutes=14), tick=False):
        assert fail(client, caro.cedula, 2) == [429, 429]
    with time_machine.travel(NOW + timedelta(minutes=15, seconds=1), tick=False):
        assert log_in(client, caro.cedula, make.PASSWORD).status_code == 302


def test_the_dots_of_a_cedula_make_no_other_account(client: Client, caro: User) -> None:
    dotted = f"C.C. {int(caro.cedula):,}"

    assert fail(client, caro.cedula, 2) + fail(client, dotted, 1) == [200, 200, 429]


def test_another_browser_is_no_other_place(client: Client, caro: User) -> None:
    tried = [log_in(client, caro.cedula, **{"User-Agent": f"browser {n}"}).status_code for n in range(3)]

    assert tried == [200, 200, 429]


def test_a_neighbour_at_the_same_address_does_not_wait_for_ones_mistakes(client: Client, caro: User, eva: User) -> None:
    fail(client, caro.cedula, 3)

    assert log_in(client, eva.cedula, make.PASSWORD).status_code == 302


def test_the_same_person_elsewhere_does_not_wait_for_somebody_elses_tries(client: Client, caro: User) -> None:
    fail(client, caro.cedula, 3)

    assert log_in(client, caro.cedula, make.PASSWORD, address="198.51.100.7").status_code == 302


def test_one_account_is_tried_from_many_places_only_so_often(client: Client, caro: User) -> None:
    tried = [log_in(client, caro.cedula, address=f"198.51.100.{n}").status_code for n in range(9)]

    assert tried == [200] * 7 + [429, 429]


def test_many_accounts_are_tried_from_one_place_only_so_often(client: Client, db: None) -> None:
    tried = [log_in(client, f"9008000{n:02}").status_code for n in range(9)]

    assert tried == [200] * 7 + [429, 429]


def test_the_many_addresses_of_one_ipv6_network_are_one_place(client: Client, caro: User) -> None:
    tried = [log_in(client, caro.cedula, address=f"2001:db8:1:2::{n}").status_code for n in range(1, 4)]

    assert tried == [200, 200, 429]


def test_a_login_forgets_ones_own_failures_and_no_others(client: Client, caro: User, eva: User) -> None:
    fail(client, caro.cedula, 2)
    fail(client, eva.cedula, 2)
    log_in(client, caro.cedula, make.PASSWORD)

    assert fail(Client(), caro.cedula, 2) == [200, 200]
    assert fail(Client(), eva.cedula, 1) == [429]


def test_behind_a_proxy_it_is_the_persons_address_that_counts(client: Client, caro: User, settings: Any) -> None:
    settings.PROXY_COUNT = 1
    tried = [
        log_in(client, caro.cedula, address="127.0.0.1", **{"X-Forwarded-For": f"10.0.0.{n}, {STREET}"}).status_code
        for n in range(3)
    ]

    assert tried == [200, 200, 429]


@pytest.mark.parametrize("cedula", ["", UNKNOWN])
def test_no_cedula_stands_in_what_is_kept_or_logged(
    client: Client, caro: User, cedula: str, caplog: pytest.LogCaptureFixture
) -> None:
    for logger in ("", "axes"):
        caplog.set_level(logging.DEBUG, logger=logger)
    cedula = cedula or caro.cedula
    fail(client, cedula, 4)
    log_in(Client(), caro.cedula, make.PASSWORD, address="198.51.100.7")

    kept = str(list(AccessAttempt.objects.values()))
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    assert ours
    assert not AccessLog.objects.exists()
    assert STREET in kept
    for secret in (cedula, caro.cedula, WRONG, make.PASSWORD, "Caro"):
        assert secret not in kept
        assert secret not in "\n".join(ours)


def test_what_counts_no_more_is_forgotten(client: Client, caro: User) -> None:
    with time_machine.travel(NOW, tick=False):
        fail(client, caro.cedula, 2)

    traces.purge(now=NOW + timedelta(minutes=14))
    assert AccessAttempt.objects.exists()
    traces.purge(now=NOW + timedelta(minutes=15))
    assert not AccessAttempt.objects.exists()


def test_an_old_hash_lets_in_and_becomes_argon2(client: Client, caro: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    caro.set_password(make.PASSWORD)
    caro.save()
    settings.PASSWORD_HASHERS = [
        "vereda.accounts.hashers.Argon2",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]

    assert log_in(client, caro.cedula, make.PASSWORD).status_code == 302
    caro.refresh_from_db()
    assert caro.password.startswith("argon2$argon2id$v=19$m=32768,t=3,p=1$")


def test_whoever_is_not_active_reads_what_somebody_without_an_account_reads(client: Client, caro: User) -> None:
    caro.is_active = False
    caro.save()
    gone, unknown = log_in(client, caro.cedula, make.PASSWORD), log_in(client, UNKNOWN, make.PASSWORD)

    assert gone.status_code == unknown.status_code == 200
    assert gone.context["form"].errors == unknown.context["form"].errors


def test_the_hashers_of_the_product_begin_with_argon2() -> None:
    from vereda import settings as product  # noqa: PLC0415 - the tests' own hasher is another one

    assert product.PASSWORD_HASHERS[0] == "vereda.accounts.hashers.Argon2"
