"""A phone with an app for codes, and people who have one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests import make
from vereda.accounts.entering import second_step
from vereda.accounts.models import User

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
LATER = timedelta(minutes=2)
"""Long enough for the next code, and for the wait after a few wrong ones."""


def code_of(user: User) -> str:
    """Return what the phone shows now."""
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(device.bin_key):06}" if timezone.now() else ""


def with_second_step(user: User) -> list[str]:
    """Turn a person's second step on and return their recovery codes."""
    second_step.start(user=user)
    return second_step.turn_on(user=user, now=timezone.now())


def give_password(client: Client, user: User, *, after: str = "", **form: str) -> Any:
    """Send the login's form with the right password."""
    form = {"username": user.cedula, "password": make.PASSWORD, "next": after, **form}
    return client.post("/ingresar/", form)


def give_code(client: Client, code: str) -> Any:
    """Send the second step's form."""
    return client.post("/ingresar/codigo/", {"code": code})


def is_in(client: Client) -> bool:
    """Whether the browser opens what needs a login."""
    return client.get("/perfil/").status_code == 200
