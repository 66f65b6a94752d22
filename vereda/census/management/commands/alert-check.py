"""`./manage alert-check`: tells an operator which troubles began and ended, once.

The worker starts it whenever there is something to tell; a timer on another machine does so when there is no worker.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from vereda.census.troubles import open_troubles
from vereda.census.worker import alerts, balance, sending


class Command(BaseCommand):
    help = "Send to ALERT_URLS which troubles began and which ended since the last time; print those that are open."
    requires_system_checks = []

    def handle(self, **_: Any) -> None:
        try:
            self._check()
        except DatabaseError as error:
            raise CommandError(
                "The database does not answer, and it alone knows what was told: watch /salud/."
            ) from error

    def _check(self) -> None:
        balance.ask_if_due(timezone.now())
        now = timezone.now()
        alerts.note(now)
        _, failed = alerts.send_due(now, sending.send)
        for trouble in open_troubles(now):
            self.stdout.write(f"{trouble.text} {trouble.remedy}")
        if failed:
            raise CommandError(f"{failed} messages could not be sent and are tried again; see ./manage alert-test.")
