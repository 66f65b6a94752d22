"""Who was erased, without saying who: so that no list which is loaded later brings anybody back.

A tombstone is an HMAC of the cédula under a key made of SECRET_KEY. With another SECRET_KEY the old tombstones say
nothing any more, unless the former one stands in SECRET_KEY_FALLBACKS.
"""

from datetime import datetime

from django.conf import settings
from django.utils.crypto import salted_hmac

from vereda.accounts.models import Tombstone

_SALT = "vereda.accounts.tombstone"


def remember(cedula: str, *, at: datetime) -> None:
    Tombstone.objects.update_or_create(digest=_digests(cedula)[0], defaults={"erased_at": at})


def was_erased(cedula: str) -> bool:
    """Whether the person with this bare cédula was erased, and has not joined again by themselves since."""
    return Tombstone.objects.filter(digest__in=_digests(cedula)).exists()


def lift(cedula: str) -> None:
    """Forget that somebody was erased: they have come back by themselves."""
    Tombstone.objects.filter(digest__in=_digests(cedula)).delete()


def _digests(cedula: str) -> list[str]:
    """Return the hash under the present key, then those under former ones."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [salted_hmac(_SALT, cedula, secret=key, algorithm="sha256").hexdigest() for key in keys]
