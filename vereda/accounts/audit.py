"""The audit trail: who did what with whose data. Entries are added here, and nowhere else, and never change.

Each entry carries the hash of the one before and its own, which is an HMAC: who can write to the database but has not
the key can neither change an entry nor make one up. The head says how many entries there are, under a seal of the same
kind, so that a cut-off end is seen as well. What nobody can see from inside is a whole database put back to an earlier
day: for that, note down what `./manage audit-verify` prints, and give it back to it later (docs/security.md).
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
    """One place in the trail: the number of an entry and its hash."""

    number: int = 0
    hash: str = ""

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


class BrokenTrailError(Exception):
    """The trail is not what was written; the message names the first entry that is wrong."""


def record(
    *, action: AuditEntry.Action, actor: User | None, person: User | None = None, detail: str = ""
) -> AuditEntry:
    """Add an entry, in the caller's transaction: best as its last step, for others wait with theirs until it ends.

    `detail` is a short sentence that names nobody and holds nobody's data; it outlives everybody.
    """
    person_ids = [person.pk if person else None]
    return record_many(action=action, actor=actor, person_ids=person_ids, detail=detail)[-1]


@transaction.atomic(savepoint=False)
def record_many(
    *, action: AuditEntry.Action, actor: User | None, person_ids: Iterable[int | None], detail: str = ""
) -> list[AuditEntry]:
    """Add an entry about each of many people, as `record` does, by a fixed number of queries; none about nobody."""
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
    """Return the end of the trail, after reading all of it, or what came after a place that was noted down before.

    Raises `BrokenTrailError`.
    """
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
    """Return the hash of an entry: over all that it says, its place and the hash before it."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    said = [entry.id, at, entry.action, entry.actor_id, entry.person_id, entry.detail, entry.previous_hash]
    return _hmac(key, "entry", said)


def seal_of(end: Checkpoint, key: str) -> str:
    """Return the seal of a head that has seen so many entries, the last one with that hash."""
    return _hmac(key, "head", [end.number, end.hash])


def _hmac(key: str, purpose: str, said: list[object]) -> str:
    own_key = hmac.digest(key.encode(), f"vereda.audit.{purpose}".encode(), "sha256")
    return hmac.new(own_key, json.dumps(said).encode(), "sha256").hexdigest()


def _keys() -> list[str]:
    """Return the keys, the one that is written with first."""
    keys: list[str] = settings.AUDIT_KEYS
    return keys


def _locked_end() -> tuple[AuditHead, Checkpoint, bool]:
    """Return the head, held until the transaction ends, the trail's end, and whether the two agree.

    Where they do not, the entry that says so is itself in the chain, so that no later entry covers a cut-off end.
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
        """Read whatever there is after what was read."""
        while batch := list(AuditEntry.objects.filter(pk__gt=self._read_up_to).order_by("pk")[:_BATCH]):
            for entry in batch:
                self._check(entry)
                self.end = Checkpoint(entry.id, entry.hash)
            self._read_up_to = self.end.number

    def _check(self, entry: AuditEntry) -> None:
        """Raise unless the entry is what was written after the one before.

        Once an entry bears a newer key, older ones count no more: whoever got hold of one cannot use it any longer.
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
