"""Tombstones of erased people, so that no import brings somebody back who was erased.

A tombstone is an HMAC of the cédula with a key from SECRET_KEY. With a new SECRET_KEY old tombstones are not found,
unless the old key is in SECRET_KEY_FALLBACKS.
"""

from datetime import datetime

from django.conf import settings
from django.utils.crypto import salted_hmac

from vereda.accounts.models import Tombstone

_SALT = "vereda.accounts.tombstone"


def remember(cedula: str, *, at: datetime) -> None:
    Tombstone.objects.update_or_create(digest=_digests(cedula)[0], defaults={"erased_at": at})


def was_erased(cedula: str) -> bool:
    """Whether the person with this bare cédula was erased and has not registered again."""
    return Tombstone.objects.filter(digest__in=_digests(cedula)).exists()


def lift(cedula: str) -> None:
    """Remove the tombstone of somebody who registers again."""
    Tombstone.objects.filter(digest__in=_digests(cedula)).delete()


def _digests(cedula: str) -> list[str]:
    """Return the hash by the present key, then those by former keys."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [salted_hmac(_SALT, cedula, secret=key, algorithm="sha256").hexdigest() for key in keys]
