"""Somebody who has left traces wherever the product can leave any is erased: nothing of them is found any more.

Neither in any table, nor in what sessions and the queue have packed, nor in the database's file, nor in any log.
"""

import io
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_q.tasks import async_task

from tests import make
from tests.accounts.test_admin import person_form
from tests.census.worker.attempts import look_up
from tests.referrals.pages import put
from tests.rights.dump import dump, found_in, traces_of
from vereda.accounts import audit
from vereda.accounts.models import AuditEntry, Channel, Consent, PersonSession, User
from vereda.census.models import BulkRefresh, CedulaInfo, LookupAttempt
from vereda.census.sources.port import Failure, FailureKind
from vereda.census.statuses import Status
from vereda.lib.logs import MaskingFormatter
from vereda.rights import retention
from vereda.rights.models import RightsRequest

pytestmark = pytest.mark.django_db(transaction=True)

CEDULA = "900777201"
JOIN = {
    "cedula": "900.777.201",
    "full_name": "Zoraida Güecha Ñáñez",
    "phone": "317 555 0142",
    "password1": make.PASSWORD,
    "password2": make.PASSWORD,
    "accept_policy": "on",
    "purpose_contact_by_leader": "on",
}


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Everything that anybody logs at any level, as it would be written down."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(MaskingFormatter("{levelname} {name} {message}", style="{"))
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def cast() -> dict[str, User]:
    ana = make.person("Ana Peñaranda", is_superuser=True, is_staff=True)
    return {"ana": ana, "beto": make.leader("Beto Quiñones", referred_by=ana)}


def browser(user: User | None = None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


def live(ana: User, beto: User) -> tuple[User, Client]:
    """Have Zoraida join and do what people do, and others do with her what they do. Returns her and her browser."""
    own = browser()
    own.post(f"/registro/?ref={beto.referral_code}", JOIN)
    zoraida = User.objects.get(cedula=CEDULA)
    own.post("/salir/")
    for password in ("nada", "tampoco"):
        own.post("/ingresar/", {"username": "900.777.201", "password": password})
    own.post("/ingresar/", {"username": CEDULA, "password": make.PASSWORD, "remember_me": "on"})
    own.post("/perfil/", {"full_name": JOIN["full_name"], "phone": JOIN["phone"], "referral_goal": "3"})
    own.post("/perfil/clave/", {"old_password": "no es", "new_password1": "x", "new_password2": "y"})
    own.post("/perfil/mis-datos/autorizacion/", {"finalidad": "contact_by_leader", "permiso": "retirar"})
    own.post("/perfil/mis-datos/autorizacion/", {"finalidad": "contact_by_leader", "permiso": "dar"})
    own.post("/perfil/mis-datos/descargar/")
    fail(zoraida)
    visit_of_a_leader(browser(beto), zoraida)
    visit_of_an_administrator(browser(ana), zoraida, beto)
    make_her_a_leader(zoraida)
    browser(zoraida)  # on another phone, too
    return User.objects.get(pk=zoraida.pk), own


def fail(zoraida: User) -> None:
    """Leave evidence, about her and about somebody else, with her number in it."""
    unreadable = Failure(FailureKind.PARSE_ERROR, "nothing known", f"<td>{CEDULA}</td><b>{JOIN['full_name']}</b>")
    look_up(CedulaInfo.objects.get(user=zoraida), unreadable, now=timezone.now())
    look_up(CedulaInfo.objects.get(user=make.person("Otra")), unreadable, now=timezone.now())


def visit_of_a_leader(client: Client, zoraida: User) -> None:
    for search in ("900777201", "900.777.201", "3175550142", "+573175550142", "77720", "Zoraida"):
        client.post("/referidos/buscar/", {"q": search}, follow=True)
    put(zoraida, Status.ERROR)
    client.post(f"/referidos/{zoraida.pk}/cedula/")
    client.post(f"/censo/{zoraida.pk}/actualizar/")
    client.get("/referidos/imprimir/")


def visit_of_an_administrator(client: Client, zoraida: User, beto: User) -> None:
    form = person_form(zoraida, referred_by=str(beto.pk), role="LEADER", referral_goal="12")
    client.post(f"/admin/accounts/user/{zoraida.pk}/change/", form)
    client.post("/admin/accounts/user/", {"action": "reveal", "_selected_action": [zoraida.pk] * 9})
    client.post(
        "/admin/rights/rightsrequest/add/", {"kind": "claim", "person": zoraida.pk, "received_on": "2026-11-03"}
    )
    session = client.session
    session["_messages"] = f'[["__json_message", 0, 25, "Zoraida G\\u00fcecha \\u00d1\\u00e1\\u00f1ez: {CEDULA}", ""]]'
    session.save()
    LogEntry.objects.create(
        user=User.objects.get(is_superuser=True), action_flag=2, object_id="1", object_repr=f"phone ({zoraida})"
    )


def make_her_a_leader(zoraida: User) -> None:
    """Let her invite somebody, ask for many, and log in in two steps."""
    make.person("Iván", referred_by=zoraida)
    BulkRefresh.objects.create(requested_by=zoraida, requested_at=timezone.now(), total=1)
    TOTPDevice.objects.create(user=zoraida, name=zoraida.full_name)
    StaticDevice.objects.create(user=zoraida, name="recovery")
    async_task("vereda.lib.text.fold", str(zoraida.pk), sync=True)


def erase(zoraida: User, own: Client) -> None:
    reply = own.post("/perfil/mis-datos/borrar/", {"password": make.PASSWORD, "is_sure": "on"})
    assert reply["Location"] == "/ingresar/"
    assert not User.objects.filter(pk=zoraida.pk).exists()


def test_no_table_session_message_or_log_has_a_trace_of_who_was_erased(
    cast: dict[str, User], logs: io.StringIO, settings: Any
) -> None:
    settings.DEBUG = False
    zoraida, own = live(**cast)
    traces = traces_of(zoraida)
    assert found_in(dump(), traces) >= {JOIN["full_name"], CEDULA, "+573175550142"}, "it would prove nothing"

    erase(zoraida, own)

    assert found_in(dump(), traces) == set()
    assert found_in(logs.getvalue(), traces) == set()
    assert "person.erased" in logs.getvalue()


def test_what_stays_is_a_tombstone_and_an_entry_without_their_data(cast: dict[str, User]) -> None:
    zoraida, own = live(**cast)
    erase(zoraida, own)

    entry = AuditEntry.objects.order_by("-pk")[0]
    assert (entry.action, entry.actor_id, entry.person_id, entry.detail) == ("erased", zoraida.pk, zoraida.pk, "")
    assert audit.verify().number == entry.pk
    for model, name in (
        *((Consent, "user_id"), (CedulaInfo, "user_id"), (LookupAttempt, "record__user_id"), (TOTPDevice, "user_id")),
        *((BulkRefresh, "requested_by_id"), (RightsRequest, "person_id"), (PersonSession, "person_id")),
    ):
        assert not model.objects.filter(**{name: zoraida.pk}).exists(), model


def file_bytes() -> bytes:
    """Return what lies on the disk of the tests' database, with its write-ahead log."""
    path = Path(str(connection.settings_dict["NAME"]))
    wal = path.with_name(path.name + "-wal")
    return path.read_bytes() + (wal.read_bytes() if wal.exists() else b"")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's own vacuum sees to it")
def test_after_the_daily_purge_not_even_the_databases_file_has_a_trace(cast: dict[str, User]) -> None:
    zoraida, own = live(**cast)
    traces = {trace.encode() for trace in traces_of(zoraida)}
    assert [trace for trace in traces if trace in file_bytes()]

    erase(zoraida, own)
    retention.purge(now=timezone.now())

    held = file_bytes()
    assert not [trace for trace in traces if trace in held]
    assert User.objects.get(cedula=cast["beto"].cedula).full_name.encode() in held


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's own vacuum sees to it")
def test_every_connection_overwrites_what_it_deletes() -> None:
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA secure_delete").fetchone() == (1,)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's own vacuum sees to it")
def test_an_erasure_empties_the_write_ahead_log_at_once(cast: dict[str, User]) -> None:
    zoraida, own = live(**cast)
    path = Path(str(connection.settings_dict["NAME"]))
    wal = path.with_name(path.name + "-wal")
    erase(zoraida, own)

    assert CEDULA.encode() not in wal.read_bytes()


def test_who_joins_again_is_somebody_new(cast: dict[str, User]) -> None:
    zoraida, own = live(**cast)
    erase(zoraida, own)
    browser().post("/registro/", JOIN)

    again = User.objects.get(cedula=CEDULA)
    assert again.pk != zoraida.pk
    assert (again.role, again.referred_by, again.referral_code != zoraida.referral_code) == ("USER", None, True)
    assert set(again.consents.values_list("channel", flat=True)) == {Channel.WEB}
    assert CedulaInfo.objects.get(user=again).status == Status.PENDING
    assert timezone.now() - again.date_joined < timedelta(minutes=1)
