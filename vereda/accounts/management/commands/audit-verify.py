"""`./manage audit-verify [--since NUMBER:HASH]`: whether the audit trail is still what was written."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vereda.accounts import audit


def checkpoint(typed: str) -> audit.Checkpoint:
    """Return the place in the trail that was noted down. Raises ValueError."""
    number, _, noted = typed.partition(":")
    return audit.Checkpoint(int(number), noted)


class Command(BaseCommand):
    help = "Read the audit trail and say where it ends; status 1, and its first wrong entry, when it was tampered with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            type=checkpoint,
            metavar="NUMBER:HASH",
            help="an end that was noted down before: it must still be there, and what follows is read",
        )

    def handle(self, *, since: audit.Checkpoint | None, **options: Any) -> None:
        try:
            end = audit.verify(since)
        except audit.BrokenTrailError as broken:
            raise CommandError(f"The audit trail is broken. {broken}") from None
        self.stdout.write(f"unbroken; note down its end: {end}")
