"""The second step of a login: a code from a phone, or a recovery code. What is stored, and what it takes.

Invariant: a user with `second_step_since` is logged in by both steps only, and turning it on or off ends all their
other sessions. So no page has to check how its session was logged in.
"""

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from vereda.accounts import audit
from vereda.accounts.models import AuditEntry, User

RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_LENGTH = 10
_FROM_PHONE = re.compile(r"\d{6}", re.ASCII)
_ISSUER = "Vereda"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a code. After a wrong one the person waits, each time twice as long."""

    is_right: bool
    seconds_left: int = 0


def is_required(user: User) -> bool:
    return bool(settings.REQUIRE_SUPERUSER_2FA and user.is_superuser)


@transaction.atomic
def start(*, user: User) -> None:
    """Create a secret that stays unconfirmed until the person types a code of it."""
    TOTPDevice.objects.filter(user=user, confirmed=False).delete()
    TOTPDevice.objects.create(user=user, confirmed=False, name="phone")


def unconfirmed(user: User) -> TOTPDevice | None:
    """Return the device with the unconfirmed secret; None when none is being set up."""
    return TOTPDevice.objects.filter(user=user, confirmed=False).first()


def address_of(device: TOTPDevice) -> str:
    """Return the `otpauth:` address for the QR code. It names the person, not their cédula."""
    parameters = {"secret": spelled(device), "issuer": _ISSUER}
    return f"otpauth://totp/{_ISSUER}:{quote(device.user.full_name)}?{urlencode(parameters)}"


def spelled(device: TOTPDevice) -> str:
    """Return the secret in base 32, for typing it into an app."""
    return base64.b32encode(device.bin_key).decode().rstrip("=")


def check(*, user: User, code: str, is_confirmed: bool = True) -> Verdict:
    """Check a code and use it up: a code from the phone or a recovery code works once."""
    model, token = (TOTPDevice, code) if _FROM_PHONE.fullmatch(code) else (StaticDevice, _stored(code))
    with transaction.atomic():  # held until it is used up, so that of two at once one is right
        device = model.objects.select_for_update().filter(user=user, confirmed=is_confirmed).first()
        if device is None:
            return Verdict(is_right=False)
        is_allowed, why = device.verify_is_allowed()
        if not is_allowed:
            return Verdict(is_right=False, seconds_left=ceil((why["locked_until"] - timezone.now()).total_seconds()))
        is_right = device.verify_token(token)
        if is_right and model is StaticDevice:
            audit.record(action=AuditEntry.Action.RECOVERY_USED, actor=user, person=user)
    return Verdict(is_right)


@transaction.atomic
def turn_on(*, user: User, now: datetime) -> list[str]:
    """Turn the second step on after a right code; return the recovery codes, which are shown only once."""
    TOTPDevice.objects.filter(user=user, confirmed=False).update(confirmed=True)
    user.second_step_since = now
    user.save(update_fields=["second_step_since"])
    codes = _new_recovery_codes(user)
    audit.record(action=AuditEntry.Action.SECOND_STEP_ON, actor=user, person=user)
    return codes


@transaction.atomic
def renew_recovery_codes(*, user: User) -> list[str]:
    return _new_recovery_codes(user)


@transaction.atomic
def turn_off(*, user: User, actor: User | None) -> None:
    """Turn the second step off. `actor` is None for the command line."""
    for model in (TOTPDevice, StaticDevice):
        model.objects.filter(user=user).delete()
    user.second_step_since = None
    user.save(update_fields=["second_step_since"])
    audit.record(action=AuditEntry.Action.SECOND_STEP_OFF, actor=actor, person=user)


def recovery_codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


def _new_recovery_codes(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery")
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=_stored(code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _stored(code: str) -> str:
    """Return the hash that is stored instead of a recovery code."""
    return salted_hmac("vereda.accounts.recovery", code, algorithm="sha256").hexdigest()[:16]
