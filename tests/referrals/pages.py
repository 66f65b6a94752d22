"""Puts people into a state, and reads what a page of the list shows."""

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from tests import make
from vereda.accounts.models import User
from vereda.census.models import BulkRefresh, CedulaInfo
from vereda.census.sources.port import NotFound
from vereda.census.statuses import ANSWERS, FAILURES, Status
from vereda.census.worker import claims, outcomes

HTMX = {"HX-Request": "true"}
PLACE = {
    "departamento": "NARIÑO",
    "municipio": "PASTO",
    "puesto": "IE EL SAUCE",
    "direccion": "CL 18 # 24-30",
    "mesa": "4",
}
LIVE = 'hx-trigger="every 5s"'


def put(person: User, status: Status, **fields: Any) -> CedulaInfo:
    """Leave a person's record in a status, asked for beyond the cooldown."""
    now = timezone.now()
    state: dict[str, Any] = {"status": status, "requested_at": now - timedelta(minutes=5)}
    if status in ANSWERS:
        state |= {"answer_status": status, "answer_source": "practice", "fetched_at": now}
    if status == Status.ACTIVE:
        state |= PLACE
    if status == Status.PROCESSING:
        state |= {"claim_token": uuid4(), "claimed_at": now, "claim_expires_at": now + timedelta(minutes=3)}
    if status in FAILURES:
        state |= {"error_message": "No pudimos llegar a la página de la Registraduría."}
    CedulaInfo.objects.filter(user=person).update(**state | fields)
    return CedulaInfo.objects.get(user=person)


def invited(leader: User, count: int, status: Status = Status.PENDING) -> list[User]:
    """Return so many people whom a leader invited, all in one status."""
    people = [make.person(f"Persona Número {number}", referred_by=leader) for number in range(count)]
    for person in people:
        put(person, status)
    return people


def page(client: Client, query: str = "") -> str:
    """Return the list as HTML."""
    reply = client.get(f"/referidos/{query}")
    assert reply.status_code == 200
    text: str = reply.content.decode()
    return text


def shown(html: str) -> list[int]:
    """Return whose rows the page shows, in order."""
    return [int(pk) for pk in re.findall(r'<tr id="referido-(\d+)"', html)]


def part(html: str, name: str) -> str:
    """Return the table row with this id."""
    found = re.search(rf'<tr id="{name}".*?</tr>', html, re.DOTALL)
    assert found is not None
    return found[0]


def row(html: str, person: User) -> str:
    return part(html, f"referido-{person.pk}")


def detail(html: str, person: User) -> str:
    return part(html, f"referido-{person.pk}-detalle")


def counters(html: str) -> dict[str, int]:
    """Return the number beside each tab."""
    found = re.findall(r'id="cuenta-([a-z-]+)" class="tab-count"[^>]*>(\d+)<', html)
    return {group: int(number) for group, number in found}


ALL = "/referidos/actualizar-todos/"
MARKED = "/referidos/actualizar/"


def record_of(person: User) -> CedulaInfo:
    return CedulaInfo.objects.get(user=person)


def statuses(people: list[User]) -> list[str]:
    return [record_of(person).status for person in people]


def seen(*people: User) -> list[str]:
    """Return what a page sends that shows these people as they are now."""
    return [f"{person.pk}.{record_of(person).version}" for person in people]


def toast(reply: Any) -> dict[str, str]:
    found: dict[str, str] = json.loads(reply["HX-Trigger"])["showToast"]
    return found


def post(client: Client, path: str, **form: Any) -> Any:
    """Post as the page does."""
    return client.post(path, form, headers=HTMX)


def refresh_one(client: Client, person: User, **form: Any) -> Any:
    return post(client, f"/censo/{person.pk}/actualizar/", **form)


def poll(client: Client, *visto: str, **query: Any) -> Any:
    """Ask what changed as the page does."""
    return client.get("/referidos/cambios/", {"visto": visto, **query}, headers=HTMX)


def seen_later(people: list[User]) -> list[str]:
    """Return what a page sends that has seen something else of these people."""
    return [f"{person.pk}.00000000" for person in people]


def key_of(client: Client, search: str) -> str:
    """Search for a number and return what stands for it in addresses."""
    location = client.post("/referidos/buscar/", {"q": search})["Location"]
    return location.removeprefix("/referidos/?buscado=")


def offered(html: str) -> list[str]:
    """Return how many people the button would ask about; nothing without a button."""
    return re.findall(r"Actualizar todos los que coinciden[^\d]*(\d+)", html)


def bulk_path() -> str:
    return f"{ALL}{BulkRefresh.objects.get().pk}/cancelar/"


def answer(person: User) -> None:
    """Let the census answer about somebody who waits."""
    now = timezone.now()
    claimed = claims.claim(user_id=person.pk, now=now)
    assert claimed is not None
    assert outcomes.record_outcome(claimed=claimed, outcome=NotFound(), source="practice", now=now)


def shown_key(html: str, name: str) -> str:
    """Return what the page sends of its progress or its notice."""
    key = re.search(rf'name="{name}" value="([^"]+)"', html)
    assert key is not None
    return key[1]


def printed(client: Client, query: str = "") -> str:
    html: str = client.get(f"/referidos/imprimir/{query}").content.decode()
    return html
