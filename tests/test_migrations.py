"""Migrations on a database that already holds people: what they add is filled in for the rows of before."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE = [("accounts", "0001_initial"), ("census", "0002_engine")]
AFTER = [("accounts", "0002_referrals"), ("census", "0003_referrals")]


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
