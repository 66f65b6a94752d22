"""`./manage demo`: make the demo's invented people (again)."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from vereda.census import demo


class Command(BaseCommand):
    help = "(Re)create the demo data; refuses on a database that holds anybody else."

    def handle(self, **options: Any) -> None:
        if "practice" not in settings.CENSUS_SOURCE:
            raise CommandError("The demo's people are for the practice census only: nothing was changed.")
        if demo.holds_other_people():
            raise CommandError("This database holds people who are not of the demo: nothing was changed.")
        demo.recreate(now=timezone.now())
        for login in demo.LOGINS:
            self.stdout.write(f"{login.label:<28} {login.cedula}  {login.password}")
