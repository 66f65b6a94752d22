"""`./manage purge-traces`: forget failed logins, counts and sessions that are over."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from vereda.accounts import traces


class Command(BaseCommand):
    help = "Delete what logins and registrations left behind and that counts no more. A schedule does so every day."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"{traces.purge(now=timezone.now())} deleted")
