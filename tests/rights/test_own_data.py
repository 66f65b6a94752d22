"""The page and the file with everything that is held about oneself, and the proof of one's consent."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.utils import timezone

from tests import make
from tests.census.worker.attempts import PLACE, look_up
from vereda.accounts import actions as people
from vereda.accounts import audit, consents
from vereda.accounts.models import AuditEntry, Consent, PersonSession, Policy, Purpose, User
from vereda.census import actions
from vereda.census.models import BulkRefresh, CedulaInfo, LookupAttempt, Reason
from vereda.census.sources.port import Failure, FailureKind
from vereda.rights import views
from vereda.rights.deadlines import Kind
from vereda.rights.models import RightsRequest

PAGE = "/perfil/mis-datos/"
FILE = "/perfil/mis-datos/descargar/"
PROOF = "/perfil/mis-datos/comprobante/"


def page(client: Client, path: str = PAGE) -> str:
    reply = client.get(path)
    assert reply.status_code == 200
    text: str = reply.content.decode()
    return text


def file(client: Client) -> dict[str, Any]:
    reply = client.post(FILE)
    assert reply.status_code == 200
    read: dict[str, Any] = json.loads(reply.content)
    return read


def test_the_page_shows_what_one_gave_and_what_the_census_said(as_caro: Client, caro: User) -> None:
    look_up(caro.cedula_info, PLACE, now=timezone.now())
    html = page(as_caro)

    for text in (caro.full_name, caro.cedula_dotted, caro.referral_code, "Beto Quiñones", "IE EL SAUCE", "PASTO"):
        assert text in html


def test_the_page_shows_who_saw_the_cedula_by_role_and_not_by_name(
    as_caro: Client, caro: User, ana: User, beto: User
) -> None:
    for actor in (beto, ana):
        people.reveal_cedula(person=caro, actor=actor)

    html = page(as_caro)
    assert html.count("Vio la cédula completa") == 2
    assert "Quien le invitó" in html
    assert "Quien administra el sitio" in html
    assert "Ana Peñaranda" not in html


@pytest.mark.parametrize(
    ("who", "word"),
    [
        ("caro", "Usted"),
        ("beto", "Quien le invitó"),
        ("ana", "Quien administra el sitio"),
        ("dani", "Otra persona con permiso"),
        ("gone", "Una cuenta que ya no existe"),
    ],
)
def test_everybody_is_a_word(as_caro: Client, caro: User, request: Any, who: str, word: str) -> None:
    actor = make.person() if who == "gone" else request.getfixturevalue(who)
    audit.record(action=AuditEntry.Action.CEDULA_SEEN, actor=actor, person=caro)
    if who == "gone":
        actor.delete()

    assert [one["quien"] for one in file(as_caro)["accesos_a_sus_datos"]][-1] == word


def test_what_nobody_did_was_done_by_the_product(as_caro: Client, caro: User) -> None:
    audit.record(action=AuditEntry.Action.PERSON_CHANGED, actor=None, person=caro)

    assert file(as_caro)["accesos_a_sus_datos"][-1]["quien"] == "Vereda, por sí sola"


def test_nobody_else_is_in_the_file(as_caro: Client, caro: User, ana: User, beto: User, eva: User) -> None:
    make.person("Fabio Zúñiga", referred_by=caro)
    people.reveal_cedula(person=caro, actor=beto)
    actions.request_lookup(
        record=look_up(caro.cedula_info, PLACE, now=timezone.now()),
        requested_by=beto,
        reason=Reason.LEADER,
        now=timezone.now() + timedelta(hours=1),
    )
    people.reveal_cedula(person=eva, actor=caro)
    text = json.dumps(file(as_caro), ensure_ascii=False)

    for other in (*User.objects.exclude(pk=caro.pk),):
        assert other.full_name not in text
        assert other.cedula not in text


def test_the_file_has_every_act_every_lookup_and_every_look(as_caro: Client, caro: User, beto: User) -> None:
    failure = Failure(FailureKind.PARSE_ERROR, "x", "<p>no se lee</p>")
    look_up(caro.cedula_info, failure, now=timezone.now())
    people.reveal_cedula(person=caro, actor=beto)
    consents.withdraw(user=caro, purpose=Purpose.CONTACT_BY_LEADER)
    BulkRefresh.objects.create(requested_by=caro, requested_at=timezone.now(), total=3)
    RightsRequest.objects.create(person=caro, kind=Kind.CLAIM)
    held = file(as_caro)

    assert held["cuenta"]["cedula"] == caro.cedula
    assert [act["acto"] for act in held["autorizaciones"]] == ["retiró", "autorizó", "autorizó", "autorizó"]
    assert [one["resultado"] for one in held["consultas"]] == ["Página ilegible"]
    assert held["censo"]["pagina_que_no_pudimos_leer"] == "<p>no se lee</p>"
    assert [one["que"] for one in held["accesos_a_sus_datos"]] == ["Exportó datos", "Vio la cédula completa"]
    assert [one["personas"] for one in held["consultas_en_grupo_que_pidio"]] == [3]
    assert [one["que_pide"] for one in held["solicitudes"]] == ["Reclamo"]
    assert [one["navegador"] for one in held["sesiones_abiertas"]] == ["Navegador desconocido"]


HELD_ELSEWHERE = {
    "PersonSession": "sesiones_abiertas",
    "AuditEntry": "accesos_a_sus_datos",
    "Consent": "autorizaciones",
    "CedulaInfo": "censo",
    "LookupAttempt": "consultas",
    "BulkRefresh": "consultas_en_grupo_que_pidio",
    "RightsRequest": "solicitudes",
    "User": "cuenta",
    "Policy": "the organisation's text, with who wrote it",
    "LogEntry": "what the administration noted; its staff see it",
    "TOTPDevice": "a secret",
    "StaticDevice": "a secret",
}


def test_every_table_that_points_at_a_person_is_thought_of() -> None:
    pointing = {
        model.__name__
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and not field.many_to_many and field.related_model is User
    }

    assert pointing <= set(HELD_ELSEWHERE)
    assert settings.AUTH_USER_MODEL == "accounts.User"


COLUMNS = {
    User: (
        *("cedula", "full_name", "phone", "role", "referral_code", "referral_goal", "is_active", "is_staff"),
        *("is_superuser", "date_joined", "last_login", "second_step_since", "referred_by"),
        *("is_link_paused", "registration_tried_at", "reset_link_at"),
    ),
    Consent: ("purpose", "is_given", "policy", "policy_hash", "channel", "at", "address"),
    CedulaInfo: (
        *("status", "departamento", "municipio", "puesto", "direccion", "mesa", "novedad", "resolucion"),
        *("fecha_novedad", "answer_source", "fetched_at", "error_message", "requested_at", "raw_response"),
        "evidence_at",
    ),
    LookupAttempt: ("requested_by", "reason", "source", "started_at", "outcome"),
}
"""What of each table is told in the file."""
COLUMNS_LEFT_OUT = {
    User: ("id", "password", "folded_name"),
    Consent: ("id", "user"),
    CedulaInfo: (
        *("id", "user", "referred_by", "answer_status", "evidence_source", "evidence_reader", "requested_by", "reason"),
        *("priority", "bulk", "status_before", "message_before", "attempts", "losses", "next_at", "captchas"),
        *("day", "day_lookups", "day_own"),
        *("captcha_task", "captcha_source", "claim_token", "claimed_at", "claim_expires_at", "claimed_by"),
    ),
    LookupAttempt: ("id", "record", "ended_at", "detail", "captcha_seconds", "captcha_cost"),
}
"""Secrets, copies of what is told, and how the engine goes about it."""


@pytest.mark.parametrize("model", COLUMNS)
def test_a_new_column_about_a_person_is_thought_of(model: Any) -> None:
    columns = {field.name for field in model._meta.concrete_fields}

    assert columns == {*COLUMNS[model], *COLUMNS_LEFT_OUT[model]}


def test_the_file_is_an_attachment_that_nobody_keeps_and_is_written_down(as_caro: Client, caro: User) -> None:
    reply = as_caro.post(FILE)

    assert reply["Content-Disposition"] == 'attachment; filename="mis-datos.json"'
    assert reply["Content-Type"] == "application/json"
    assert "no-store" in reply["Cache-Control"]
    assert AuditEntry.objects.values_list("action", "actor_id", "person_id").get() == ("exported", caro.pk, caro.pk)


def test_looking_at_a_page_is_written_down_nowhere(as_caro: Client) -> None:
    for path in (PAGE, PROOF, "/perfil/mis-datos/politica/", "/perfil/mis-datos/borrar/"):
        page(as_caro, path)

    assert not AuditEntry.objects.exists()


def test_the_page_costs_the_same_whatever_there_is(
    as_caro: Client, caro: User, beto: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        people.reveal_cedula(person=caro, actor=beto)
        LookupAttempt.objects.create(
            record=caro.cedula_info, requested_by=beto, started_at=timezone.now(), ended_at=timezone.now()
        )

    with django_assert_max_num_queries(16):
        page(as_caro)


def test_the_page_shows_the_latest_and_the_file_has_them_all(
    as_caro: Client, caro: User, beto: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "LATEST", 3)
    for _ in range(5):
        people.reveal_cedula(person=caro, actor=beto)

    assert page(as_caro).count("Vio la cédula completa") == 3
    assert [one["que"] for one in file(as_caro)["accesos_a_sus_datos"]].count("Vio la cédula completa") == 5


def test_what_one_did_oneself_is_shown_without_saying_with_whom(client: Client, beto: User, caro: User) -> None:
    client.force_login(beto)
    people.reveal_cedula(person=caro, actor=beto)

    html = page(client)
    assert "Lo que usted hizo con datos de otras personas" in html
    assert caro.full_name not in html


def test_somebody_without_a_record_or_anything_sees_an_empty_page(client: Client, db: None) -> None:
    nora = make.person_without_consent("Nora Sinisterra")
    CedulaInfo.objects.filter(user=nora).delete()
    client.force_login(nora)

    assert "Falta su autorización" in page(client)
    assert file(client)["censo"] is None


# Deadlines


def test_the_page_says_by_when_the_organisation_has_to_answer(as_caro: Client, time_machine: Any) -> None:
    time_machine.move_to("2026-12-03T15:00:00Z", tick=False)
    html = page(as_caro)

    assert "viernes 18 de diciembre" in html
    assert "lunes 28 de diciembre" in html


def test_a_request_of_ones_own_is_shown_with_its_last_day(as_caro: Client, caro: User) -> None:
    RightsRequest.objects.create(person=caro, kind=Kind.QUERY, received_on=date(2026, 2, 2))

    assert "Vence el 16 de febrero de 2026" in page(as_caro)


def test_a_request_is_overdue_after_its_last_day_until_it_is_answered(caro: User, time_machine: Any) -> None:
    one = RightsRequest(person=caro, kind=Kind.QUERY, received_on=date(2026, 2, 2))

    time_machine.move_to("2026-02-17T04:59:00Z", tick=False)  # still the 16th in Bogotá
    assert not one.is_overdue
    time_machine.move_to("2026-02-17T05:01:00Z", tick=False)
    assert one.is_overdue
    one.answered_on = date(2026, 2, 18)
    assert not one.is_overdue


# The proof


def test_the_proof_has_every_act_with_version_hash_channel_and_address(as_caro: Client, caro: User) -> None:
    consents.withdraw(user=caro, purpose=Purpose.CONTACT_BY_LEADER, address="203.0.113.9")
    html = page(as_caro, PROOF)
    policy = Policy.objects.current()

    assert html.count(policy.text_hash) == 4
    for text in (caro.full_name, caro.cedula_dotted, f"Versión {policy.version}", "203.0.113.9", "La retiró"):
        assert text in html


def test_the_proof_leads_to_the_text_that_was_accepted_also_when_another_is_in_force(as_caro: Client) -> None:
    before = Policy.objects.current().version
    make.policy("## Nueva")

    assert f'href="/privacidad/{before}/"' in page(as_caro, PROOF)
    assert as_caro.get(f"/privacidad/{before}/").status_code == 200


# Sessions


def test_sessions_know_whose_they_are_once_somebody_logged_in(client: Client, caro: User) -> None:
    client.get("/registro/")
    assert not PersonSession.objects.exists()

    client.post("/ingresar/", {"username": caro.cedula, "password": make.PASSWORD})
    assert [session.person_id for session in PersonSession.objects.all()] == [caro.pk]


def test_the_page_counts_ones_own_sessions_that_are_still_good(as_caro: Client, caro: User, beto: User) -> None:
    for user in (caro, beto):
        Client().force_login(user)
    PersonSession.objects.create(
        session_key="old", person_id=caro.pk, expire_date=timezone.now() - timedelta(days=1), session_data=""
    )

    assert len(file(as_caro)["sesiones_abiertas"]) == 2
