"""A site that changed its face is said where somebody looks, and is no longer once its pages are read again."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import make
from vereda.accounts.models import User
from vereda.census import doctor, gate, health
from vereda.census.models import CedulaInfo, LookupAttempt, Reason

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
ALARM = "El sitio del censo cambió de cara"
PAGE = "<script>alert('x')</script><p>Nueva página, número 987654321</p>"


@pytest.fixture(autouse=True)
def source() -> None:
    gate.state_of("practice")


def attempt(outcome: str, *, record: CedulaInfo | None = None, source: str = "practice", **fields: Any) -> CedulaInfo:
    """Write down that somebody was asked about."""
    record = record or make.person().cedula_info
    at = fields.pop("at", timezone.now())
    about = {"reason": Reason.OWN, "source": source, "started_at": at, "ended_at": at, "outcome": outcome}
    LookupAttempt.objects.create(record=record, **about | fields)
    return record


def change_face(people: int = 3) -> list[CedulaInfo]:
    """Let so many people get a page that nobody can read."""
    records = [attempt("parse_error") for _ in range(people)]
    for record in records:
        CedulaInfo.objects.filter(pk=record.pk).update(raw_response=PAGE, evidence_at=timezone.now())
    return records


def has_changed() -> bool:
    return [face.source for face in health.changed_faces(timezone.now())] == ["practice"]


def test_nobody_asked_about_is_no_change() -> None:
    assert not has_changed()


def test_pages_of_three_people_that_nobody_can_read_are_another_face() -> None:
    change_face()

    assert has_changed()


def test_one_person_whose_page_is_odd_is_none_however_often_it_is_tried() -> None:
    odd = attempt("parse_error")
    for _ in range(9):
        attempt("parse_error", record=odd)

    assert not has_changed()


@pytest.mark.parametrize("outcome", ["blocked", "timeout", "network_error", "captcha_failed", "released", "lost"])
def test_what_is_no_page_says_nothing_about_its_face(outcome: str) -> None:
    for _ in range(40):
        attempt(outcome)
    assert not has_changed()

    change_face()
    for _ in range(40):
        attempt(outcome)
    assert has_changed()


def test_it_ends_when_answers_come_again() -> None:
    change_face(5)
    answers = 0
    while has_changed():
        attempt("found")
        answers += 1

    assert answers == 6


def test_it_ends_for_a_long_change_after_fewer_answers_than_are_looked_at() -> None:
    change_face(40)
    answers = 0
    while has_changed():
        attempt("not_found")
        answers += 1

    assert answers == 16


def test_it_ends_when_what_came_is_read_again() -> None:
    for record in change_face():
        attempt("found", record=record, reason=Reason.REPLAY)

    assert not has_changed()


def test_it_ends_a_day_after_the_last_of_them() -> None:
    for _ in range(5):
        attempt("parse_error", at=timezone.now() - 25 * HOUR)

    assert not has_changed()


def test_each_source_has_its_own_face() -> None:
    gate.state_of("registraduria")
    change_face()
    for _ in range(9):
        attempt("found", source="registraduria")

    assert has_changed()


def test_many_attempts_are_not_read_to_tell(django_assert_num_queries: Any) -> None:
    for _ in range(40):
        attempt("found")

    with django_assert_num_queries(2):
        assert [face.people for face in health.faces(timezone.now())] == [30]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plan")
def test_the_attempts_at_a_source_come_from_an_index_in_their_order() -> None:
    attempts = LookupAttempt.objects.filter(source="practice", outcome__in=["found"], started_at__gte=timezone.now())
    plan = attempts.order_by("-started_at").values_list("record_id", "outcome")[:30].explain()

    assert "COVERING INDEX census_attempts_at_source" in plan
    assert "TEMP B-TREE" not in plan


def test_health_says_it_and_stays_in_use(client: Client) -> None:
    change_face()
    reply = client.get("/salud/")

    assert reply.status_code == 200
    assert (reply.json()["status"], reply.json()["census"]) == ("degraded", "changed")


def test_the_doctor_says_it() -> None:
    assert doctor._face() == "people with an unreadable page lately: practice 0 of 0"
    change_face()

    with pytest.raises(doctor.UnhealthyError, match=r"changed.*practice 3 of 3.*replay"):
        doctor._face()


def front_page(client: Client, viewer: User) -> str:
    client.force_login(viewer)
    return str(client.get("/admin/").content.decode())


def test_the_front_page_is_quiet_while_nothing_changed(client: Client, ana: User) -> None:
    assert ALARM not in front_page(client, ana)


def test_the_front_page_says_it_with_the_last_page_as_text(client: Client, ana: User) -> None:
    newest = change_face()[-1]
    page = front_page(client, ana)

    assert ALARM in page
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert f"/admin/census/cedulainfo/{newest.pk}/change/" in page


def test_somebody_elses_number_in_the_last_page_is_not_shown(client: Client, ana: User) -> None:
    change_face()

    assert "987654321" not in front_page(client, ana)


def test_staff_read_the_alarm_and_see_the_page_only_with_leave_to_see_records(client: Client) -> None:
    change_face()
    clerk = make.person("Oficina", is_staff=True)
    without = front_page(client, clerk)
    clerk.user_permissions.add(Permission.objects.get(codename="view_cedulainfo"))
    with_leave = front_page(client, clerk)

    assert ALARM in without
    assert "Nueva página" not in without
    assert ALARM in with_leave
    assert "Nueva página" in with_leave


def test_the_alarm_stands_without_a_page_when_its_evidence_is_gone(client: Client, ana: User) -> None:
    change_face()
    CedulaInfo.objects.update(raw_response="", evidence_at=None)
    page = front_page(client, ana)

    assert ALARM in page
    assert "<details>" not in page


def test_a_record_shows_its_evidence_as_text_that_cannot_be_changed(client: Client, ana: User) -> None:
    record = change_face()[0]
    client.force_login(ana)
    address = f"/admin/census/cedulainfo/{record.pk}/change/"
    page = client.get(address).content.decode()

    assert '<pre class="evidence">&lt;script&gt;' in page
    assert "<textarea" not in page
    assert "987654321" not in page
    assert client.post(address, {"raw_response": ""}).status_code == 403
