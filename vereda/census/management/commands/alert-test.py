"""`./manage alert-test`: a test message to each address of `ALERT_URLS`; exit status 1 if one did not take it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vereda.census.worker import alerts, sending

BODY = "Este es un mensaje de prueba: por aquí llegarán los avisos cuando algo falle. No hay que hacer nada."


class Command(BaseCommand):
    help = "Send a test message to every address of ALERT_URLS."
    requires_system_checks = []

    def handle(self, **_: Any) -> None:
        if not settings.ALERT_URLS:
            raise CommandError(
                "ALERT_URLS is empty: nobody is told when something stops. Put there one or more addresses, such as "
                "mailtos://user:password@example.org?to=you@example.org or tgram://token/chat, and try again; "
                "docs/operations.md explains how."
            )
        took = sending.send(settings.ALERT_URLS, alerts.title("prueba"), BODY)
        for number, address in enumerate(settings.ALERT_URLS, start=1):
            is_sent = address in took
            mark = self.style.SUCCESS("ok  ") if is_sent else self.style.ERROR("FAIL")
            self.stdout.write(f"{mark} {number}. {sending.shown(address)}")
        if len(took) < len(set(settings.ALERT_URLS)):
            raise CommandError("Not every address took it: check it against https://github.com/caronc/apprise/wiki.")
