"""The audit trail: nothing in it changes unseen, it has no forks, and it stands in nobody's way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests import make
from tests.census.worker.threads import at_once
from vereda.accounts import append_only, audit
from vereda.accounts.audit import BrokenTrailError, Checkpoint
from vereda.accounts.models import AuditEntry, AuditHead, User

SEEN = AuditEntry.Action.CEDULA_SEEN


@contextmanager
def unprotected() -> Iterator[None]:
    """What somebody can do who owns the database."""
    append_only.unprotect(connection)
    yield
    append_only.protect(connection)


@pytest.fixture
def trail(ana: User, caro: User) -> list[AuditEntry]:
    """Five entries."""
    return [audit.record(action=SEEN, actor=ana, person=caro, detail=f"vez {n}") for n in range(5)]


def test_an_entry_says_who_did_what_with_whose_data(ana: User, caro: User) -> None:
    audit.record(action=SEEN, actor=ana, person=caro, detail="en la lista")

    entry = AuditEntry.objects.get()
    assert (entry.pk, entry.action, entry.actor, entry.person, entry.detail) == (1, SEEN, ana, caro, "en la lista")


def test_an_entry_of_nobody_about_nobody_is_one_too(db: None) -> None:
    audit.record(action=AuditEntry.Action.EXPORTED, actor=None)

    assert audit.verify().number == 1


def test_numbers_that_slip_into_a_detail_are_masked_and_it_is_cut(ana: User) -> None:
    entry = audit.record(action=SEEN, actor=ana, detail="de 900100001 " + "x" * 300)

    assert entry.detail.startswith("de ••••0001 x")
    assert len(entry.detail) == 200


def test_entries_about_nobody_of_many_are_none(ana: User) -> None:
    assert audit.record_many(action=SEEN, actor=ana, person_ids=[]) == []


def test_an_entry_goes_when_what_it_tells_of_was_undone(ana: User) -> None:
    with transaction.atomic():
        audit.record(action=SEEN, actor=ana)
        transaction.set_rollback(True)

    assert audit.verify() == Checkpoint()


def test_a_trail_that_nobody_touched_is_whole(trail: list[AuditEntry]) -> None:
    assert audit.verify() == Checkpoint(5, trail[-1].hash)


@pytest.mark.parametrize("has_head", [True, False])
def test_an_empty_trail_is_whole(db: None, has_head: bool) -> None:
    if not has_head:
        AuditHead.objects.all().delete()

    assert audit.verify() == Checkpoint()


def test_a_long_trail_is_read_in_parts(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_BATCH", 3)
    audit.record_many(action=SEEN, actor=ana, person_ids=range(1, 8))

    assert audit.verify().number == 7


def test_entries_about_many_cost_as_many_queries_as_one(ana: User, django_assert_num_queries: Any) -> None:
    audit.record(action=SEEN, actor=ana)
    with django_assert_num_queries(4):  # head, end, entries, head
        audit.record(action=SEEN, actor=ana)
    with django_assert_num_queries(4):
        audit.record_many(action=SEEN, actor=ana, person_ids=range(1, 51))

    assert audit.verify().number == 52


CHANGES: dict[str, Callable[[], object]] = {
    "another person": lambda: AuditEntry.objects.filter(pk=3).update(person_id=987_654_321),
    "another actor": lambda: AuditEntry.objects.filter(pk=3).update(actor_id=987_654_321),
    "nobody": lambda: AuditEntry.objects.filter(pk=3).update(actor_id=None),
    "another action": lambda: AuditEntry.objects.filter(pk=3).update(action="exported"),
    "another detail": lambda: AuditEntry.objects.filter(pk=3).update(detail="nada"),
    "another time": lambda: AuditEntry.objects.filter(pk=3).update(at="2020-01-01T00:00Z"),
    "another hash": lambda: AuditEntry.objects.filter(pk=3).update(hash="0" * 64),
    "another hash before": lambda: AuditEntry.objects.filter(pk=3).update(previous_hash="0" * 64),
    "deleted in the middle": lambda: AuditEntry.objects.filter(pk=3).delete(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed_is_found_at_its_place(trail: list[AuditEntry], change: Callable[[], object]) -> None:
    with unprotected():
        change()

    with pytest.raises(BrokenTrailError, match="entry 3:"):
        audit.verify()


def test_a_chain_that_was_linked_anew_without_the_key_is_found(trail: list[AuditEntry]) -> None:
    previous = trail[1].hash
    with unprotected():
        for entry in AuditEntry.objects.filter(pk__gte=3).order_by("pk"):
            entry.previous_hash, entry.detail = previous, "otra cosa"
            entry.hash = previous = audit.hash_of(entry, "a guess")
            entry.save()

    with pytest.raises(BrokenTrailError, match="entry 3: changed"):
        audit.verify()


def test_a_genuine_entry_of_another_day_in_the_place_of_one_is_found(trail: list[AuditEntry], settings: Any) -> None:
    other = AuditEntry(id=3, action=SEEN, detail="de otro día", previous_hash=trail[1].hash)
    with unprotected():
        other.hash = audit.hash_of(other, settings.AUDIT_KEYS[0])
        other.save()

    with pytest.raises(BrokenTrailError, match="entry 4: does not follow"):
        audit.verify()


@pytest.mark.parametrize("number", [0, 6])
def test_what_was_put_in_is_found(trail: list[AuditEntry], number: int) -> None:
    AuditEntry.objects.create(id=number, action=SEEN, previous_hash=trail[-1].hash if number else "", hash="0" * 64)

    with pytest.raises(BrokenTrailError):
        audit.verify()


def test_a_cut_off_end_is_found(trail: list[AuditEntry]) -> None:
    with unprotected():
        AuditEntry.objects.filter(pk__gte=4).delete()

    with pytest.raises(BrokenTrailError, match="entry 4: cut off"):
        audit.verify()


def test_a_cut_off_end_is_found_when_the_count_was_changed_with_it(trail: list[AuditEntry]) -> None:
    with unprotected():
        AuditEntry.objects.filter(pk__gte=4).delete()
        AuditHead.objects.update(count=3)

    with pytest.raises(BrokenTrailError, match="entry 3: what comes after"):
        audit.verify()


def test_a_trail_without_its_head_is_not_whole(trail: list[AuditEntry]) -> None:
    AuditHead.objects.all().delete()

    with pytest.raises(BrokenTrailError):
        audit.verify()


@pytest.mark.parametrize("is_head_changed", [False, True])
def test_what_is_added_later_does_not_cover_a_cut_off_end(
    trail: list[AuditEntry], ana: User, is_head_changed: bool
) -> None:
    with unprotected():
        AuditEntry.objects.filter(pk__gte=4).delete()
        if is_head_changed:
            AuditHead.objects.all().delete()
    audit.record(action=SEEN, actor=ana)

    with pytest.raises(BrokenTrailError, match="entry 4:"):
        audit.verify()
    assert AuditEntry.objects.order_by("pk").values_list("action", flat=True)[3] == "trail_broken"


def test_after_a_break_that_was_looked_into_the_rest_is_verified_from_there(trail: list[AuditEntry], ana: User) -> None:
    AuditHead.objects.all().delete()
    broken, _ = audit.record_many(action=SEEN, actor=ana, person_ids=[None])[:2]

    assert audit.verify(since=Checkpoint(broken.pk, broken.hash)).number == 7


def test_an_end_that_was_noted_down_must_still_be_there(trail: list[AuditEntry]) -> None:
    noted = Checkpoint(5, trail[-1].hash)
    assert audit.verify(since=noted) == noted

    with pytest.raises(BrokenTrailError, match="entry 5: not the one"):
        audit.verify(since=Checkpoint(5, "0" * 64))


def test_old_entries_stand_by_the_old_key(trail: list[AuditEntry], ana: User, settings: Any) -> None:
    settings.AUDIT_KEYS = ["new", *settings.AUDIT_KEYS]
    audit.record(action=SEEN, actor=ana)

    assert audit.verify().number == 6


def test_without_the_old_key_they_do_not(trail: list[AuditEntry], settings: Any) -> None:
    settings.AUDIT_KEYS = ["new"]

    with pytest.raises(BrokenTrailError, match="entry 1: changed, or written with another key"):
        audit.verify()


def test_an_old_key_writes_nothing_any_more_once_the_new_one_has(
    trail: list[AuditEntry], ana: User, settings: Any
) -> None:
    old = settings.AUDIT_KEYS
    settings.AUDIT_KEYS = ["new", *old]
    audit.record(action=SEEN, actor=ana)
    settings.AUDIT_KEYS = old[::-1]
    audit.record(action=SEEN, actor=ana)
    settings.AUDIT_KEYS = ["new", *old]

    with pytest.raises(BrokenTrailError, match="entry 7: changed"):
        audit.verify()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditentry SET detail = 'x'",
        "UPDATE accounts_auditentry SET person_id = NULL WHERE id = 2",
        "DELETE FROM accounts_auditentry WHERE id = 5",
        "DELETE FROM accounts_auditentry",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_entry(trail: list[AuditEntry], statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert audit.verify().number == 5


def test_people_are_erased_although_the_trail_names_them(
    trail: list[AuditEntry], ana: User, caro: User, beto: User
) -> None:
    caro_id, ana_id = caro.pk, ana.pk
    User.objects.filter(pk__in=[caro.pk, ana.pk]).delete()

    assert set(AuditEntry.objects.values_list("actor_id", "person_id")) == {(ana_id, caro_id)}
    assert audit.verify().number == 5


def test_erasing_somebody_does_not_even_look_at_the_trail(trail: list[AuditEntry], caro: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        caro.delete()

    assert not [query for query in queries if "auditentry" in query["sql"]]


@pytest.mark.django_db(transaction=True)
def test_entries_that_come_at_once_make_one_chain() -> None:
    person = make.person()

    def write_some() -> None:
        for _ in range(10):
            audit.record(action=SEEN, actor=person)
        audit.record_many(action=SEEN, actor=person, person_ids=[person.pk] * 10)

    at_once(4, write_some)

    assert audit.verify().number == AuditEntry.objects.count() == 80


@pytest.mark.django_db(transaction=True)
def test_the_very_first_entries_come_at_once() -> None:
    at_once(4, lambda: audit.record(action=SEEN, actor=None))

    assert audit.verify().number == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "second"])
def test_the_tests_database_is_emptied_all_the_same(time: str) -> None:
    assert not AuditEntry.objects.exists()
    audit.record(action=SEEN, actor=None)


def test_the_command_tells_the_end(trail: list[AuditEntry]) -> None:
    out = StringIO()
    call_command("audit-verify", stdout=out)
    call_command("audit-verify", f"--since=5:{trail[-1].hash}", stdout=out)

    assert out.getvalue() == f"unbroken; note down its end: 5:{trail[-1].hash}\n" * 2


def test_the_command_tells_the_first_wrong_entry(trail: list[AuditEntry]) -> None:
    with unprotected():
        AuditEntry.objects.filter(pk__in=[2, 4]).update(detail="x")

    with pytest.raises(CommandError, match="entry 2: changed") as refusal:
        call_command("audit-verify")
    assert refusal.value.returncode == 1


@pytest.mark.parametrize("noted", ["x", "5", "-1:ab", ":ab"])
def test_the_command_takes_only_what_it_printed(db: None, noted: str) -> None:
    with pytest.raises(CommandError):
        call_command("audit-verify", f"--since={noted}")
