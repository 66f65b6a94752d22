"""Migrations on a database that already holds people: what they add is filled in for the rows of before."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps.registry import Apps
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from tests import make
from vereda.accounts import audit
from vereda.accounts.models import AuditEntry

BEFORE = [("accounts", "0001_initial"), ("census", "0002_engine")]
AFTER = [("accounts", "0002_referrals"), ("census", "0003_referrals")]

WRITTEN_BY_DJANGO = {"vereda.accounts.fields", "vereda.accounts.models"}
"""Where Django itself refers to: a field class, an `on_delete` and a default of ours."""


def imported_by(path: Path) -> set[str]:
    """Return the dotted names of the modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def test_no_migration_imports_code_of_the_product() -> None:
    migrations = sorted(Path(settings.BASE_DIR, "vereda").glob("*/migrations/[0-9]*.py"))
    imports = {
        path.name: {name for name in imported_by(path) if name.startswith(("vereda", "."))} for path in migrations
    }

    assert len(migrations) > 10
    assert {name: found - WRITTEN_BY_DJANGO for name, found in imports.items() if found - WRITTEN_BY_DJANGO} == {}


def migrate(targets: Any) -> Apps:
    """Bring the database to a state, and return the models as they were then."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    apps: Apps = executor.loader.project_state(targets).apps
    return apps


@pytest.fixture
def before(transactional_db: None) -> Iterator[Apps]:
    """The models of before; afterwards the database is as new as any."""
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield migrate(BEFORE)
    migrate(newest)


def invite(apps: Apps, cedula: str, full_name: str, referred_by: Any = None) -> Any:
    """Return somebody with a record, as the product of that time left them."""
    person = apps.get_model("accounts", "User").objects.create(
        cedula=cedula, full_name=full_name, referral_code=cedula, referred_by=referred_by
    )
    apps.get_model("census", "CedulaInfo").objects.create(user=person)
    return person


def test_names_are_folded_for_people_of_before(before: Apps) -> None:
    invite(before, "900001", "MARÍA  Peña")
    invite(before, "900002", "Óscar D’Angelo")

    people = migrate(AFTER).get_model("accounts", "User").objects

    assert dict(people.values_list("cedula", "folded_name")) == {"900001": "maria pena", "900002": "oscar d'angelo"}
    assert dict(people.values_list("cedula", "full_name")) == {"900001": "MARÍA  Peña", "900002": "Óscar D’Angelo"}


def test_records_of_before_know_who_invited(before: Apps) -> None:
    beto = invite(before, "900001", "Beto")
    invite(before, "900002", "Caro", referred_by=beto)
    dani = invite(before, "900003", "Dani")
    invite(before, "900004", "Eva", referred_by=dani)

    records = migrate(AFTER).get_model("census", "CedulaInfo").objects

    assert dict(records.values_list("user__full_name", "referred_by")) == {
        "Beto": None,
        "Caro": beto.pk,
        "Dani": None,
        "Eva": dani.pk,
    }


def test_an_empty_database_migrates(before: Apps) -> None:
    assert not migrate(AFTER).get_model("accounts", "User").objects.exists()


def test_going_back_and_forth_loses_nobody(before: Apps) -> None:
    beto = invite(before, "900001", "Beto Quiñones")
    invite(before, "900002", "Caro", referred_by=beto)

    migrate(AFTER)
    migrate(BEFORE)
    people = migrate(AFTER).get_model("accounts", "User").objects

    assert set(people.values_list("folded_name", "referred_by", "cedula_info__referred_by")) == {
        ("beto quinones", None, None),
        ("caro", beto.pk, beto.pk),
    }


def test_evidence_of_before_goes_because_it_has_no_date_and_holds_a_cedula(before: Apps) -> None:
    invite(before, "900001", "Beto")
    records = before.get_model("census", "CedulaInfo").objects
    records.update(status="ERROR", error_message="No pudimos llegar.", raw_response="<td>900001</td>")

    evidence = migrate([("accounts", "0002_referrals"), ("census", "0004_evidence")]).get_model("census", "CedulaInfo")

    assert evidence.objects.values_list("status", "error_message", "raw_response", "evidence_at").get() == (
        *("ERROR", "No pudimos llegar.", ""),
        None,
    )


def test_the_audit_of_before_becomes_a_chain_without_gaps(before: Apps) -> None:
    apps = migrate([("accounts", "0002_referrals"), ("census", "0004_evidence")])
    ana = apps.get_model("accounts", "User").objects.create(cedula="900001", full_name="Ana", referral_code="900001")
    entries = apps.get_model("accounts", "AuditEntry").objects
    for number in (3, 7, 4):
        entries.create(id=number, action="cedula_seen", actor=ana)

    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())

    assert audit.verify().number == 3
    assert list(AuditEntry.objects.order_by("pk").values_list("pk", "actor_id", "person_id")) == [
        (1, ana.pk, None),
        (2, ana.pk, None),
        (3, ana.pk, None),
    ]


def test_the_audit_goes_back_although_it_names_people_who_are_gone(before: Apps) -> None:
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())
    person = make.person_without_consent()
    audit.record(action=AuditEntry.Action.CEDULA_SEEN, actor=person, person=person)
    person.delete()

    entries = migrate([("accounts", "0002_referrals"), ("census", "0004_evidence")]).get_model("accounts", "AuditEntry")

    assert list(entries.objects.values_list("actor", "person")) == [(None, None)]


def agreed(apps: Apps, person: Any) -> None:
    """Have somebody accept the policy, as the product of that time wrote it down."""
    apps.get_model("accounts", "Consent").objects.create(
        user=person, policy_version="2026-11", policy_hash="a" * 64, address="203.0.113.9"
    )


@pytest.fixture
def before_consents(before: Apps) -> Apps:
    """The models as they were when one consent stood for everything, and records knew nothing of it."""
    return migrate([("accounts", "0005_second_step"), ("census", "0004_evidence")])


def answered(apps: Apps, cedula: str, *, has_agreed: bool) -> Any:
    person = invite(apps, cedula, "Caro")
    records = apps.get_model("census", "CedulaInfo").objects.filter(user=person)
    records.update(status="NOT_FOUND", answer_status="NOT_FOUND", fetched_at=timezone.now(), requested_by=person)
    at = timezone.now()
    apps.get_model("census", "LookupAttempt").objects.create(record=records.get(), started_at=at, ended_at=at)
    if has_agreed:
        agreed(apps, person)
    return person


NEWEST = [("accounts", "0010_links"), ("census", "0007_consent")]


def test_a_consent_of_before_becomes_one_for_each_purpose_with_its_hash_and_words(before_consents: Apps) -> None:
    person = answered(before_consents, "900001", has_agreed=True)
    apps = migrate(NEWEST)

    acts = apps.get_model("accounts", "Consent").objects.filter(user_id=person.pk)
    assert set(acts.values_list("purpose", "is_given", "channel", "address", "policy__version", "policy_hash")) == {
        (purpose, True, "web", "203.0.113.9", "2026-11", "a" * 64)
        for purpose in ("account", "census_lookup", "contact_by_leader")
    }
    assert len(set(acts.values_list("at", flat=True))) == 1
    assert "acompañarle a votar" in apps.get_model("accounts", "Policy").objects.get().text


def test_answers_about_people_who_never_agreed_go_and_the_others_stay(before_consents: Apps) -> None:
    answered(before_consents, "900001", has_agreed=True)
    answered(before_consents, "900002", has_agreed=False)
    records = migrate(NEWEST).get_model("census", "CedulaInfo").objects

    assert dict(records.values_list("user__cedula", "status")) == {"900001": "NOT_FOUND", "900002": ""}
    assert [record.lookup_attempts.count() for record in records.order_by("user__cedula")] == [1, 0]


def test_who_never_agreed_waits_for_nothing_after_going_back(before_consents: Apps) -> None:
    answered(before_consents, "900001", has_agreed=True)
    answered(before_consents, "900002", has_agreed=False)
    migrate(NEWEST)
    apps = migrate([("accounts", "0005_second_step"), ("census", "0004_evidence")])

    statuses = apps.get_model("census", "CedulaInfo").objects.values_list("user__cedula", "status")
    consents = apps.get_model("accounts", "Consent").objects.values_list("user__cedula", "policy_version", "address")
    assert dict(statuses) == {"900001": "NOT_FOUND", "900002": "ERROR"}
    assert list(consents) == [("900001", "2026-11", "203.0.113.9")]
