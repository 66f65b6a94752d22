"""The timer of alerts: sees in the watchdog's process that there is something to tell, and starts one that tells it.

So a server that hangs holds up no watchdog, and neither apprise nor a client of the captcha service lives in it.
"""

import logging
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from vereda.census.models import CaptchaBalance, Restart
from vereda.census.worker import alerts

logger = logging.getLogger(__name__)

FIRST_LOOK_SECONDS = 60.0
"""A worker that has just started has much to do, and nothing to tell."""
LOOK_SECONDS = 30.0
LONGEST_CHECK_SECONDS = 120.0
RESTARTS_KEPT_FOR = timedelta(days=1)
CHECK = (sys.executable, str(settings.BASE_DIR / "manage.py"), "alert-check")


class AlertTimer:
    """Looks every half minute, however often it is asked to."""

    def __init__(self, check: Sequence[str] = CHECK) -> None:
        self._check = check
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._look_at = time.monotonic() + FIRST_LOOK_SECONDS

    def look(self) -> None:
        """Start a check if there is something to tell or to ask. Raises nothing."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_SECONDS
        try:
            if not self._is_checking() and _is_something_to_do():
                self._start()
        except Exception as error:  # noqa: BLE001 - the database may be away; the cluster must be watched all the same
            logger.warning("alert_timer.cannot_look error=%s", type(error).__name__)

    def note_restart(self) -> None:
        """Write down that the cluster died or hung. Raises nothing."""
        now = timezone.now()
        try:
            Restart.objects.create(host=socket.gethostname(), at=now)
            Restart.objects.filter(at__lt=now - RESTARTS_KEPT_FOR).delete()
        except Exception as error:  # noqa: BLE001 - as above
            logger.warning("alert_timer.cannot_note error=%s", type(error).__name__)

    def _is_checking(self) -> bool:
        """Whether the last check still runs; one that takes too long is ended."""
        if self._process is None or self._process.poll() is not None:
            return False
        if time.monotonic() - self._started_at > LONGEST_CHECK_SECONDS:
            self._process.kill()
        return True

    def _start(self) -> None:
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            self._check, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )


def _is_something_to_do() -> bool:
    now = timezone.now()
    return alerts.note(now) or _is_balance_due()


def _is_balance_due() -> bool:
    if settings.CAPTCHA_SOLVER == "none":
        return False
    known = CaptchaBalance.objects.filter(solver=settings.CAPTCHA_SOLVER)
    return not known.exists() or known.stale(timezone.now()).exists()
