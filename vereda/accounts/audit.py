"""The audit trail: who did what with whose data. Entries are added here, and nowhere else, and never change.

Each entry holds the hash of the one before and its own hash, which is an HMAC: somebody who can write to the database
but does not have the key can neither change nor invent an entry. The head holds the number of entries and an HMAC of it
(`seal`), so that removing the last entries is detected too. An older copy of the whole database is not: for that, note
down the checkpoint that `./manage audit-verify` prints, and pass it to a later run (docs/security.md).
"""

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from vereda.accounts.models import AuditEntry, AuditHead, User
from vereda.lib.logs import mask_numbers

_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A position in the trail: the number of an entry and its hash."""

    number: int = 0
    hash: str = ""

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


class BrokenTrailError(Exception):
    """The trail is not what was written; the message names the first entry that is wrong."""


def record(
    *, action: AuditEntry.Action, actor: User | None, person: User | None = None, detail: str = ""
) -> AuditEntry:
    """Add an entry in the caller's transaction. Call it last: the trail stays locked until that transaction ends.

    `detail` is a short sentence without names or personal data, because it stays after an erasure.
    """
    person_ids = [person.pk if person else None]
    return record_many(action=action, actor=actor, person_ids=person_ids, detail=detail)[-1]


@transaction.atomic(savepoint=False)
def record_many(
    *, action: AuditEntry.Action, actor: User | None, person_ids: Iterable[int | None], detail: str = ""
) -> list[AuditEntry]:
    """Add an entry about each person by a fixed number of queries; none for an empty list."""
    if not (ids := list(person_ids)):
        return []
    head, end, is_whole = _locked_end()
    now, actor_id = timezone.now(), actor.pk if actor else None
    detail = mask_numbers(detail)[: AuditEntry.LONGEST_DETAIL]
    entries = [
        AuditEntry(action=action, actor_id=actor_id, person_id=person_id, detail=detail, at=now) for person_id in ids
    ]
    if not is_whole:
        entries.insert(0, AuditEntry(action=AuditEntry.Action.TRAIL_BROKEN, at=now))
    for entry in entries:
        entry.id, entry.previous_hash = end.number + 1, end.hash
        entry.hash = hash_of(entry, _keys()[0])
        end = Checkpoint(entry.id, entry.hash)
    AuditEntry.objects.bulk_create(entries)
    head.count, head.seal = end.number, seal_of(end, _keys()[0])
    head.save(update_fields=["count", "seal"])
    return entries


def verify(since: Checkpoint | None = None) -> Checkpoint:
    """Check all entries, or those after a checkpoint, and return the last one. Raises `BrokenTrailError`."""
    reader = _Reader(since)
    reader.read_on()
    with transaction.atomic():  # what is added meanwhile waits for the last few
        head = AuditHead.objects.select_for_update().first()
        reader.read_on()
        end = reader.end
        if head is None and end == Checkpoint():
            return end
        if head is None or head.count != end.number:
            raise BrokenTrailError(f"entry {end.number + 1}: cut off, or the count of entries was changed")
        if not any(hmac.compare_digest(head.seal, seal_of(end, key)) for key in reader.keys):
            raise BrokenTrailError(f"entry {end.number}: what comes after it was cut off, or the key is another one")
    return end


def hash_of(entry: AuditEntry, key: str) -> str:
    """Return the hash of an entry: over its columns, its number and the hash before it."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    said = [entry.id, at, entry.action, entry.actor_id, entry.person_id, entry.detail, entry.previous_hash]
    return _hmac(key, "entry", said)


def seal_of(end: Checkpoint, key: str) -> str:
    """Return the HMAC for the head of a trail that ends here."""
    return _hmac(key, "head", [end.number, end.hash])


def _hmac(key: str, purpose: str, said: list[object]) -> str:
    own_key = hmac.digest(key.encode(), f"vereda.audit.{purpose}".encode(), "sha256")
    return hmac.new(own_key, json.dumps(said).encode(), "sha256").hexdigest()


def _keys() -> list[str]:
    """Return the keys. The first one is used for new entries."""
    keys: list[str] = settings.AUDIT_KEYS
    return keys


def _locked_end() -> tuple[AuditHead, Checkpoint, bool]:
    """Lock the head until the transaction ends. Return it, the end of the trail, and whether the two agree.

    When they do not, the next entry says so and is part of the chain, so that later entries cannot hide the gap.
    """
    head = AuditHead.objects.select_for_update().first()
    if head is None:
        AuditHead.objects.get_or_create(defaults={"seal": seal_of(Checkpoint(), _keys()[0])})
        head = AuditHead.objects.select_for_update().get()
    last = AuditEntry.objects.order_by("-pk").values_list("pk", "hash").first()
    end = Checkpoint(*last) if last else Checkpoint()
    is_whole = head.count == end.number and any(hmac.compare_digest(head.seal, seal_of(end, key)) for key in _keys())
    return head, Checkpoint(max(end.number, head.count), end.hash), is_whole


class _Reader:
    """Reads the trail entry by entry and raises at the first that is wrong."""

    def __init__(self, since: Checkpoint | None) -> None:
        if since and not AuditEntry.objects.filter(pk=since.number, hash=since.hash).exists():
            raise BrokenTrailError(f"entry {since.number}: not the one that was noted down")
        self.end = since or Checkpoint()
        self.keys = _keys()
        self._read_up_to = since.number if since else -1

    def read_on(self) -> None:
        """Check the entries that were added since the last call."""
        while batch := list(AuditEntry.objects.filter(pk__gt=self._read_up_to).order_by("pk")[:_BATCH]):
            for entry in batch:
                self._check(entry)
                self.end = Checkpoint(entry.id, entry.hash)
            self._read_up_to = self.end.number

    def _check(self, entry: AuditEntry) -> None:
        """Raise `BrokenTrailError` unless the entry follows the one before.

        After an entry with a newer key, older keys are refused: a stolen old key is useless for later entries.
        """
        expected = self.end.number + 1
        if entry.id != expected:
            raise BrokenTrailError(f"entry {expected}: not there, the next is {entry.id}")
        if entry.previous_hash != self.end.hash:
            raise BrokenTrailError(f"entry {entry.id}: does not follow the one before it")
        matching = [key for key in self.keys if hmac.compare_digest(entry.hash, hash_of(entry, key))]
        if not matching:
            raise BrokenTrailError(f"entry {entry.id}: changed, or written with another key")
        if entry.action == AuditEntry.Action.TRAIL_BROKEN:
            raise BrokenTrailError(f"entry {entry.id}: says that the end before it had been changed")
        self.keys = self.keys[: self.keys.index(matching[0]) + 1]
