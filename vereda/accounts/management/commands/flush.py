"""`./manage flush`: Django's own, which empties the whole database. The tests' database is emptied by it, too."""

from typing import Any

from django.core.management.commands import flush
from django.db import connections

from vereda.accounts import append_only


class Command(flush.Command):
    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        append_only.unprotect(connection)  # an emptied database has no trail
        try:
            super().handle(**options)
        finally:
            append_only.protect(connection)
