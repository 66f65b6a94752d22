"""How many wrong passwords are taken before somebody has to wait. django-axes counts; what counts is said here.

There are three counts: by account and network, with a low limit; by account, and by network, with high limits, because
many phones may share the address of a mobile carrier. An account that does not exist is counted like one that does.
Instead of the cédula its HMAC is stored.

It stays here and not in `entering/`: every open session holds this path as its backend, and would end if it changed.
"""

import logging
import math
from datetime import datetime, timedelta
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from vereda.accounts.models import User
from vereda.errors import too_many_requests
from vereda.lib.text import wait_in_words

logger = logging.getLogger(__name__)


class Backend(AxesStandaloneBackend, ModelBackend):  # type: ignore[misc]
    """Django's own, behind the counts: one backend, so that nothing needs to say which."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """Return the user; None for wrong credentials. Raises when locked out, if there is a request."""
        if request is not None:
            AxesStandaloneBackend.authenticate(self, request, username=username, password=password, **kwargs)
        user = ModelBackend.authenticate(self, request, username=username, password=password, **kwargs)
        if user is not None and password == settings.DEMO_PASSWORD and "practice" not in settings.CENSUS_SOURCE:
            logger.warning("login.demo_password user=%s: known to everybody, so it opens nothing here", user.pk)
            return None
        return user if isinstance(user, User) else None


class Handler(AxesDatabaseHandler):  # type: ignore[misc]
    """Keeps the counts, each with a limit of its own, where django-axes has one for all."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return 1, which is over the limit that django-axes knows, when any count is over its own."""
        return int(self.seconds_left(request, credentials) > 0)

    def seconds_left(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return how long somebody has to wait; 0 for not at all."""
        return max(
            _seconds_left(attempts, limit, request.axes_attempt_time)  # type: ignore[attr-defined]
            for attempts, limit in zip(self.get_user_attempts(request, credentials), _limits(), strict=True)
        )

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Delete the failures of this account from this network only."""
        own, *_ = self.filter_user_attempts(request, credentials)
        return int(own.delete()[0])


def username_key(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Return the HMAC by which a cédula is counted."""
    typed = str((credentials or {}).get("username", ""))
    return salted_hmac("vereda.accounts.lockout", typed, algorithm="sha256").hexdigest()


def locked_out(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """Answer 429 with the time left, whether or not there is such an account."""
    seconds = Handler().seconds_left(request, credentials) or 1
    logger.warning("login.locked_out seconds=%s", seconds)
    text = f"Hubo varios intentos de ingresar con datos que no coinciden. Espere {wait_in_words(seconds)}."
    return too_many_requests(request, text, seconds)


def purge(now: datetime) -> int:
    """Delete the failures that have expired; return how many."""
    return int(AccessAttempt.objects.filter(attempt_time__lte=now - settings.AXES_COOLOFF_TIME).delete()[0])


def _limits() -> tuple[int, int, int]:
    """Return the limits, in the order of AXES_LOCKOUT_PARAMETERS."""
    return settings.LOGIN_FAILURES, settings.LOGIN_FAILURES_WIDE, settings.LOGIN_FAILURES_WIDE


def _seconds_left(attempts: QuerySet[AccessAttempt], limit: int, now: datetime) -> int:
    count = attempts.aggregate(failures=Sum("failures_since_start", default=0), last=Max("attempt_time"))
    if count["failures"] < limit:
        return 0
    left: timedelta = count["last"] + settings.AXES_COOLOFF_TIME - now
    return math.ceil(left.total_seconds())
