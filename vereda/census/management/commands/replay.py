"""`./manage replay [--dry-run]`: read the kept replies of failures again, after a parser was fixed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from vereda.census import evidence


class Command(BaseCommand):
    help = "Read the kept replies of failed lookups again and store the answers in them. Asks nobody; prints counts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be stored, and store nothing")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        replayed = evidence.replay_all(now=timezone.now(), is_dry_run=dry_run)
        counts = {
            "read": replayed.read,
            **{status: replayed.answers[status] for status in ("found", "cancelled", "not_found")},
            "unreadable": replayed.unreadable,
            "overtaken": replayed.overtaken,
        }
        for name, count in counts.items():
            self.stdout.write(f"{name:<10} {count}")
        if dry_run:
            self.stdout.write("Nothing was stored.")
