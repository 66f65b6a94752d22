"""`./manage purge`: remove what was kept long enough. A schedule does so every day."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from vereda.rights import retention


class Command(BaseCommand):
    help = "Remove what is older than EVIDENCE_DAYS and ATTEMPTS_DAYS, and what logins left behind, as every day."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"removed: {retention.purge(now=timezone.now())}")
