"""`./manage erase-again`: erase whoever came back with an old backup or by hand, although they had been erased."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from vereda.accounts import tombstones
from vereda.accounts.models import User
from vereda.rights import erasure


class Command(BaseCommand):
    help = "Erase everybody who is in the database although there is a tombstone of theirs: after restoring a backup."

    def handle(self, **options: Any) -> None:
        back = [person for person in User.objects.iterator() if tombstones.was_erased(person.cedula)]
        left = 0
        for person in back:
            try:
                erasure.erase(person=person, actor=None, now=timezone.now())
            except erasure.LastSuperuserError:
                left += 1
        self.stdout.write(f"{len(back) - left} erased again")
        if left:
            raise CommandError("The last superuser has a tombstone: make another one, then run this again.")
