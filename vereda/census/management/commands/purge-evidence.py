"""`./manage purge-evidence`: empty the evidence of failures that is older than `EVIDENCE_DAYS`."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from vereda.census import evidence


class Command(BaseCommand):
    help = "Empty the kept replies of failed lookups that are older than EVIDENCE_DAYS. A schedule does so every day."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"{evidence.purge(now=timezone.now())} emptied")
