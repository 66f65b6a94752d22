"""The captcha service's balance is asked for rarely, by one of many, and kept when the service does not say."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from practice.captcha import BALANCE
from practice.server import PracticeServer
from tests.census.worker.threads import at_once
from vereda.census import doctor
from vereda.census.models import CaptchaBalance
from vereda.census.sources.asking.captcha import CaptchaError
from vereda.census.troubles import Kind, open_troubles
from vereda.census.worker import balance

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def service(practice: PracticeServer, settings: Any) -> None:
    settings.TWOCAPTCHA_URL = practice.captcha_url
    settings.TWOCAPTCHA_API_KEY = "practica"


def ask(minutes: int = 0) -> None:
    balance.ask_if_due(timezone.now() + timedelta(minutes=minutes))


def is_low() -> bool:
    return Kind.LOW_BALANCE in [trouble.kind for trouble in open_troubles(timezone.now())]


def test_a_balance_is_written_down_and_asked_for_again_after_a_quarter_of_an_hour(settings: Any) -> None:
    ask()
    assert CaptchaBalance.objects.get().dollars == Decimal(str(BALANCE))
    assert not is_low()

    settings.TWOCAPTCHA_API_KEY = "sin-saldo"
    ask(minutes=14)
    assert not is_low()
    ask(minutes=16)
    assert is_low()


def test_a_service_that_does_not_say_keeps_its_balance_and_is_not_asked_at_once(settings: Any) -> None:
    ask()
    settings.TWOCAPTCHA_API_KEY = "clave-mala"
    ask(minutes=16)

    known = CaptchaBalance.objects.get()
    assert known.dollars == Decimal(str(BALANCE))
    assert known.asked_at > timezone.now() + timedelta(minutes=15)


def test_without_a_service_nobody_is_asked(settings: Any) -> None:
    settings.CAPTCHA_SOLVER = "none"
    ask()

    assert not CaptchaBalance.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_of_many_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(balance, "ask", asked.append)

    at_once(4, ask)

    assert len(asked) == 1


def test_the_doctor_warns_below_the_setting_and_writes_down_what_it_heard(settings: Any) -> None:
    assert doctor._captcha() == f"2captcha, balance US$ {BALANCE}"
    settings.CAPTCHA_LOW_DOLLARS = Decimal(9)

    with pytest.raises(doctor.UnhealthyError, match=r"balance US\$ 8.93958, below US\$ 9: top it up"):
        doctor._captcha()
    assert is_low()


def test_a_key_that_is_refused_is_an_error_to_whoever_asks(settings: Any) -> None:
    settings.TWOCAPTCHA_API_KEY = "clave-mala"

    with pytest.raises(CaptchaError):
        balance.ask(timezone.now())
