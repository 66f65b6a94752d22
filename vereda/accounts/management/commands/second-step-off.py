"""`./manage second-step-off CEDULA`: for who has lost both their phone and their recovery codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vereda.accounts.entering import second_step
from vereda.accounts.models import User


class Command(BaseCommand):
    help = "Let somebody who has lost phone and recovery codes log in by password alone. The audit trail keeps it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cedula")

    def handle(self, *, cedula: str, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(cedula)
        except User.DoesNotExist:
            raise CommandError("nobody has this cédula") from None
        if user.second_step_since is None:
            raise CommandError("this person logs in by password alone already")
        second_step.turn_off(user=user, actor=None)
        self.stdout.write("from now on the password suffices; their sessions have ended")
