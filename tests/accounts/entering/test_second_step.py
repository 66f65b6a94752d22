"""The second step of a login: nothing opens without it, and each code opens once."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.accounts.entering.second_steps import LATER, NOW, code_of, give_code, give_password, is_in, with_second_step
from tests.census.worker.threads import at_once
from vereda.accounts.entering import second_step
from vereda.accounts.models import AuditEntry, User


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def clock(_clock: Any) -> Any:
    return _clock


@pytest.fixture
def recovery_codes(beto: User) -> list[str]:
    """Beto has a second step, and these."""
    return with_second_step(beto)


@pytest.fixture
def pending(client: Client, beto: User, recovery_codes: list[str]) -> Client:
    """A browser where Beto's password was right."""
    give_password(client, beto)
    return client


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_a_password_alone_opens_nothing(client: Client, beto: User, recovery_codes: list[str]) -> None:
    answer = give_password(client, beto, after="/referidos/")

    assert (answer.status_code, answer["Location"]) == (302, "/ingresar/codigo/")
    assert "_auth_user_id" not in client.session
    for path in ("/", "/perfil/", "/referidos/", "/censo/", "/perfil/dos-pasos/", "/admin/"):
        assert client.get(path)["Location"].startswith("/ingresar/" if path != "/admin/" else "/admin/login/")


def test_password_and_code_open_what_was_asked_for(client: Client, beto: User, recovery_codes: list[str]) -> None:
    give_password(client, beto, after="/referidos/?estado=errores")
    answer = give_code(client, code_of(beto))

    assert (answer.status_code, answer["Location"]) == (302, "/referidos/?estado=errores")
    assert is_in(client)


@pytest.mark.parametrize("spelling", ["{0}{1}", "{0} {1}", " {0}-{1} "])
def test_a_code_counts_however_it_is_spaced(pending: Client, beto: User, spelling: str) -> None:
    code = code_of(beto)
    give_code(pending, spelling.format(code[:3], code[3:]))

    assert is_in(pending)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "٤٣٠٠٠٠", "1_2345", "9" * 5000, "\x00" * 6])
def test_a_wrong_code_is_a_sentence_and_no_login(pending: Client, code: str) -> None:
    answer = give_code(pending, code)

    assert answer.status_code == 200
    assert answer.context["form"].errors["code"]
    assert not is_in(pending)


def test_after_a_wrong_code_the_field_is_empty_for_the_next(pending: Client) -> None:
    assert "000000" not in give_code(pending, "000000").content.decode()


def test_a_code_opens_once(pending: Client, beto: User) -> None:
    code = code_of(beto)
    give_code(pending, code)
    other = Client()
    give_password(other, beto)

    assert give_code(other, code).status_code == 200
    assert not is_in(other)


@pytest.mark.django_db(transaction=True)
def test_a_code_opens_once_for_two_at_once(beto: User, recovery_codes: list[str], clock: Any) -> None:
    code = code_of(beto)
    for given in (code, recovery_codes[0].replace("-", "")):
        verdicts = at_once(4, lambda given=given: second_step.check(user=beto, code=given))
        assert [verdict.is_right for verdict in verdicts].count(True) == 1
        clock.shift(LATER)


def test_an_old_code_is_none(pending: Client, beto: User, clock: Any) -> None:
    code = code_of(beto)
    clock.shift(timedelta(seconds=90))
    give_code(pending, code)

    assert not is_in(pending)


def test_a_recovery_code_opens_once_and_that_is_written_down(
    pending: Client, beto: User, recovery_codes: list[str]
) -> None:
    give_code(pending, recovery_codes[3].upper())
    assert is_in(pending)
    assert second_step.recovery_codes_left(beto) == 9
    assert actions()[-1] == "recovery_used"

    other = Client()
    give_password(other, beto)
    give_code(other, recovery_codes[3])
    assert not is_in(other)


def test_who_reads_the_database_has_no_recovery_code(recovery_codes: list[str]) -> None:
    stored = set(StaticToken.objects.values_list("token", flat=True))

    assert len(stored) == 10
    assert not stored & {code.replace("-", "") for code in recovery_codes}


def test_somebody_elses_codes_are_none(pending: Client, dani: User) -> None:
    codes = with_second_step(dani)
    give_code(pending, code_of(dani))
    give_code(pending, codes[0])

    assert not is_in(pending)


def test_a_secret_that_no_code_has_confirmed_opens_nothing(pending: Client, beto: User) -> None:
    taken = TOTPDevice.objects.get(user=beto)
    TOTPDevice.objects.filter(pk=taken.pk).update(confirmed=False)
    code = code_of(beto)
    TOTPDevice.objects.create(user=beto)
    give_code(pending, code)

    assert not is_in(pending)


def test_each_wrong_code_makes_the_next_wait_longer(pending: Client, beto: User, clock: Any) -> None:
    waits = []
    for _ in range(4):
        give_code(pending, "000000")
        answer = give_code(pending, code_of(beto))
        waits.append((answer.status_code, answer["Retry-After"]))
        clock.shift(timedelta(seconds=int(answer["Retry-After"])))

    assert waits == [(429, "1"), (429, "2"), (429, "4"), (429, "8")]
    assert not is_in(pending)
    give_code(pending, code_of(beto))
    assert is_in(pending)


def test_guesses_of_recovery_codes_wait_too(pending: Client, recovery_codes: list[str]) -> None:
    give_code(pending, "aaaaa-bbbbb")

    assert give_code(pending, recovery_codes[0]).status_code == 429


def test_a_right_password_waits_for_its_code_ten_minutes(pending: Client, beto: User, clock: Any) -> None:
    clock.shift(timedelta(minutes=10))

    assert give_code(pending, code_of(beto))["Location"] == "/ingresar/"
    assert not is_in(pending)


@pytest.mark.parametrize("change", ["password", "inactive", "off"])
def test_what_changed_meanwhile_ends_the_wait(pending: Client, beto: User, change: str) -> None:
    code = code_of(beto)
    if change == "password":
        beto.set_password("otro-sendero-largo")
    beto.is_active = change != "inactive"
    beto.save()
    if change == "off":
        second_step.turn_off(user=beto, actor=None)

    assert give_code(pending, code)["Location"] == "/ingresar/"
    assert not is_in(pending)


def test_nobody_comes_to_the_second_step_first(client: Client, beto: User, recovery_codes: list[str]) -> None:
    assert client.get("/ingresar/codigo/")["Location"] == "/ingresar/"
    assert give_code(client, code_of(beto))["Location"] == "/ingresar/"
    assert not is_in(client)


def test_the_session_gets_another_key_at_each_step(client: Client, beto: User, recovery_codes: list[str]) -> None:
    client.get("/ingresar/")
    session = client.session
    session["before"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key
    keys = [client.session.session_key]
    give_password(client, beto)
    keys.append(client.session.session_key)
    give_code(client, code_of(beto))
    keys.append(client.session.session_key)

    assert len(set(keys)) == 3
    assert "halfway" not in client.session


@pytest.mark.parametrize(("remember", "is_short"), [("", True), ("on", False)])
def test_it_is_remembered_only_when_that_was_asked_for(
    client: Client, beto: User, recovery_codes: list[str], remember: str, is_short: bool
) -> None:
    give_password(client, beto, remember_me=remember)
    give_code(client, code_of(beto))

    assert client.session.get_expire_at_browser_close() == is_short
    assert is_short or client.session.get_expiry_age() == timedelta(days=14).total_seconds()


def test_wrong_passwords_are_forgotten_only_after_both_steps(
    client: Client, beto: User, recovery_codes: list[str], settings: Any
) -> None:
    settings.LOGIN_FAILURES = 3
    for _ in range(2):
        give_password(client, beto, password="no-es-esta")
    give_password(client, beto)

    assert give_password(Client(), beto, password="no-es-esta").status_code == 429


def test_a_person_without_it_logs_in_by_password(client: Client, caro: User) -> None:
    give_password(client, caro)

    assert is_in(client)


def test_a_login_of_staff_is_written_down_after_both_steps(client: Client, ana: User, caro: User) -> None:
    with_second_step(ana)
    give_password(client, caro)
    client.logout()
    give_password(client, ana)
    assert actions() == ["second_step_on"]

    give_code(client, code_of(ana))
    assert actions() == ["second_step_on", "logged_in"]
