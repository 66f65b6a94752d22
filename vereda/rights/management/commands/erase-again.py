"""`./manage erase-again`: erase whoever came back with an old backup or by hand, although they had been erased."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from vereda.accounts import tombstones
from vereda.accounts.models import User
from vereda.rights import erasure


class Command(BaseCommand):
    help = "Erase everybody who is in the database although there is a tombstone of theirs: after restoring a backup."

    def handle(self, **options: Any) -> None:
        back = [person for person in User.objects.iterator() if tombstones.was_erased(person.cedula)]
        for person in back:
            erasure.erase(person=person, actor=None, now=timezone.now())
        self.stdout.write(f"{len(back)} erased again")
