"""What the leader's list costs at 10 to 50,000 referrals: queries, bytes and milliseconds of whole requests.

A database of its own (SQLite, migrated, in a temporary folder) holds a leader and another one with as many people, their
census records in a mix of all statuses, 50 of them waiting. Django's test client asks, logged in, with the settings of
production: DEBUG off, cached templates, a collected manifest of static files, sessions in the database. There is no
socket and no web server in the figures. Queries are all of the request's but BEGIN and COMMIT; "login" is how many of
them are session and user. They are counted in a request that is not timed. Bytes are those of the body, uncompressed.
Limits are those of issue 4; the exit status is 1 when a figure is over one.
Run it with: .venv/bin/python -m bench.pages

`--people 1000` leaves the larger sizes out; `--profile` shows where the time of the largest list goes.
"""

import argparse
import cProfile
import html
import multiprocessing
import os
import pstats
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from bench.common import machine, write_header, write_row
from practice.people import place_of
from vereda.census.statuses import FAILURES, Status

SIZES = (10, 1_000, 10_000, 50_000)
WAITING = 50
REQUESTS, WARM_UP = 40, 3
REQUESTS_FOR_ALL = 7
"""How often everybody who failed is asked about again, which changes 16,000 rows each time."""
EPOCH = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
NAMES = "María José Ana Luz Andrés Sofía Nicolás Yolanda Óscar Ángela Jhon Paola Héctor Inés Martín Rocío".split()
SURNAMES = "Peña Quiñones Bermúdez Restrepo Muñoz Tunubalá Ospina Chocontá Yepes Gómez Ibáñez Rodríguez Díaz".split()
MIX = (*(["ACTIVE"] * 50), *(["NOT_FOUND"] * 8), *(["CANCELLED_DECEASED"] * 4), *(["CANCELLED_OTHER"] * 6)) + (
    *(["ERROR"] * 12),
    *(["TIMEOUT"] * 10),
    *(["BLOCKED"] * 10),
)
NOVEDADES = {"CANCELLED_DECEASED": "Cancelada por Muerte", "CANCELLED_OTHER": "Cancelada por Doble Cedulación"}
_LOGIN = re.compile(r'FROM "django_session"|FROM "accounts_user" WHERE "accounts_user"."id" = \d+ LIMIT 21$')
_TRANSACTION = re.compile(r"BEGIN|COMMIT|SAVEPOINT|RELEASE")

type Send = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """What issue 4 allows: queries, bytes and the median of milliseconds."""

    queries: float = float("inf")
    size: float = float("inf")
    median: float = float("inf")

    def passed_by(self, figures: "Figures") -> list[str]:
        """Return which of them the figures are over."""
        return [name for name in self.__slots__ if getattr(figures, name) > getattr(self, name)]

    def __str__(self) -> str:
        limits = [f"{getattr(self, name):g}" if getattr(self, name) < float("inf") else "–" for name in self.__slots__]
        return " / ".join(limits)


LIST, POLL, UNCHANGED, NONE = Limits(8, 120_000, 60), Limits(3, median=15), Limits(2, 0, 15), Limits()


@dataclass(frozen=True, slots=True)
class Figures:
    """What one kind of request costs."""

    queries: int
    login: int
    size: int
    median: float
    p95: float


@dataclass(slots=True)
class Bench:
    """The table as it is written, and what in it was over a limit."""

    over: list[str] = field(default_factory=list)

    def write(self, what: str, send: Send, limits: Limits = NONE, **options: Any) -> None:
        """Measure a request and write its row."""
        figures = measure(send, **options)
        passed = limits.passed_by(figures)
        verdict = f"over: {', '.join(passed)}" if passed else "ok" if limits != NONE else ""
        milliseconds = (f"{figures.median:.1f}", f"{figures.p95:.1f}")
        write_row(what, figures.queries, figures.login, figures.size, *milliseconds, limits, verdict)
        self.over += [what] if passed else []


def measure(send: Send, *, arrange: Callable[[], object] = int, times: int = REQUESTS) -> Figures:
    """Ask so many times, each after `arrange`, once to count and otherwise to time."""
    for _ in range(WARM_UP):
        arrange()
        send()
    arrange()
    with CaptureQueriesContext(connection) as captured:
        response = send()
    assert response.status_code < 300, response
    statements = [query["sql"] for query in captured if not _TRANSACTION.match(query["sql"])]
    seconds = []
    for _ in range(times):
        arrange()
        started = time.perf_counter()
        send()
        seconds.append(time.perf_counter() - started)
    return Figures(
        queries=len(statements),
        login=sum(bool(_LOGIN.search(sql)) for sql in statements),
        size=len(response.content),
        median=statistics.median(seconds) * 1000,
        p95=statistics.quantiles(seconds, n=20)[-1] * 1000,
    )


def model(name: str) -> Any:
    """Return a model of the product, which cannot be imported before the database has its address."""
    return apps.get_model(name)


def logged_in(user: Any) -> Client:
    """Return a browser that somebody has logged in with."""
    client = Client(headers={"HX-Request": "true"})
    client.force_login(user)
    return client


def seen(page: str) -> dict[str, list[str]]:
    """Return what a page sends along when it asks what changed."""
    found: dict[str, list[str]] = {"visto": [], "avance": [], "aviso": []}
    for name, value in re.findall(r'type="hidden" name="(visto|avance|aviso)" value="([^"]*)"', page):
        found[name].append(value)
    return found


@contextmanager
def product() -> Iterator[None]:
    """Have Django work on an empty database, with static files collected for it."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/vereda.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "vereda.settings"
        django.setup()
        with override_settings(STATIC_ROOT=Path(folder, "static")):
            call_command("migrate", verbosity=0)
            call_command("collectstatic", interactive=False, verbosity=0)
            yield
            connection.close()


def people_begin() -> Any:
    """Make the leader, the other one, whoever coordinates, and a worker that lives; return the leader."""
    users = model("accounts.User").objects
    users.create_superuser("900000001", full_name="Ana Peñaranda", date_joined=EPOCH)
    leader, _ = (users.create_user(f"90000000{n}", full_name=f"Líder {n}", role="LEADER") for n in (2, 3))
    late = datetime.now(UTC) + timedelta(days=1)  # noqa: TID251 - an edge without Django's settings
    model("census.Worker").objects.create(key="bench", host="bench", pid=1, started_at=EPOCH, seen_at=late)
    model("census.SourceState").objects.get_or_create(source="practice")
    return leader


def fill(first: int, last: int) -> None:
    """Add people to both leaders, those with the numbers from `first` up to `last`."""
    dice = random.Random(first)
    for at, cedula in enumerate(("900000002", "900000003")):
        leader = model("accounts.User").objects.get(cedula=cedula)
        people = [_person(number, 2 * number + at, leader, dice) for number in range(first, last)]
        model("accounts.User").objects.bulk_create(people, batch_size=1000)
        records = [_record(number, person, dice) for number, person in zip(range(first, last), people, strict=True)]
        model("census.CedulaInfo").objects.bulk_create(records, batch_size=500)


def fill_elsewhere(first: int, last: int) -> None:
    """Fill in another process, so that this one's memory is that of serving pages."""
    connection.close()
    child = multiprocessing.get_context("fork").Process(target=fill, args=(first, last))
    child.start()
    child.join()
    assert child.exitcode == 0


def _person(number: int, index: int, leader: Any, dice: random.Random) -> Any:
    return model("accounts.User")(
        cedula=str(11_000_000 + 7 * index if number % 3 else 1_010_000_000 + 13 * index),
        full_name=" ".join([*dice.sample(NAMES, 2), *dice.sample(SURNAMES, 2)]),
        phone=f"+573{dice.randrange(10**8, 3 * 10**8)}",
        password="!",
        referred_by=leader,
        date_joined=EPOCH + timedelta(seconds=dice.randrange(20_000_000)),
    )


def _record(number: int, person: Any, dice: random.Random) -> Any:
    """Return a record as the product would have left it; one in twenty of the first 1,000 waits."""
    is_waiting = number < 20 * WAITING and number % 20 == 0
    status = "PENDING" if is_waiting else dice.choice(MIX)
    answered_at = person.date_joined + timedelta(minutes=1)
    known: dict[str, Any] = {"attempts": 0 if is_waiting else 1}
    if status in FAILURES:
        known = {"attempts": 4, "error_message": "La página de la Registraduría no nos dejó consultar."}
    elif not is_waiting:
        known = {"answer_status": status, "answer_source": "registraduria", "fetched_at": answered_at, **known}
    if status == Status.ACTIVE:
        place = place_of(person.cedula)
        known |= {name: getattr(place, name) for name in ("departamento", "municipio", "puesto", "direccion", "mesa")}
    if status in NOVEDADES:
        known |= {"novedad": NOVEDADES[status], "resolucion": "1234", "fecha_novedad": "05/03/2021"}
    return model("census.CedulaInfo")(
        user=person,
        referred_by_id=person.referred_by_id,
        status=status,
        requested_at=person.date_joined,
        requested_by=person,
        next_at=person.date_joined,
        **known,
    )


def lists(bench: Bench, client: Client) -> None:
    """Measure every part of the largest list."""
    for order in ("nombre", "cedula", "fecha", "estado"):
        for sign in ("", "-"):
            bench.write(f"orden={sign}{order}", lambda o=sign + order: client.get(f"/referidos/?orden={o}"), LIST)
    for tab in ("pendientes", "encontrados", "novedades", "no-encontrados", "errores"):
        bench.write(f"estado={tab}", lambda t=tab: client.get(f"/referidos/?estado={t}"), LIST)
    total = int(re.search(r"Página 1 de (\d+)", client.get("/referidos/").content.decode())[1])
    searched = client.post("/referidos/buscar/", {"q": "1234"})["Location"]
    for what, address in {
        f"pagina={total}": f"/referidos/?pagina={total}",
        f"orden=-estado, pagina={total // 2}": f"/referidos/?orden=-estado&pagina={total // 2}",
        "estado=errores, orden=nombre": "/referidos/?estado=errores&orden=nombre",
        "search for a name": "/referidos/?q=maria+quinones",
        "search for nobody": "/referidos/?q=zzz",
        "search for a name, estado=errores, orden=nombre": "/referidos/?q=maria&estado=errores&orden=nombre",
        "search for digits": searched,
    }.items():
        bench.write(what, lambda a=address: client.get(a), LIST)
    ana = logged_in(model("accounts.User").objects.get(cedula="900000001"))
    bench.write("everybody, for a superuser", lambda: ana.get("/referidos/"), LIST)
    bench.write("everybody, for a superuser, orden=estado", lambda: ana.get("/referidos/?orden=estado"), LIST)
    bench.write("the page for printing, 1,000 rows", lambda: client.get("/referidos/imprimir/"))


def polls(bench: Bench, client: Client, address: str, when: str = "") -> None:
    """Measure what a page asks every few seconds, with nothing, one and all of its rows changed."""
    page = client.get(address).content.decode()
    poll = html.unescape(re.search(r'id="vivo" hx-get="([^"]*)"', page)[1])
    known = seen(page)
    assert len(known["visto"]) == WAITING
    changed = [f"{version.split('.')[0]}.00000000" for version in known["visto"]]
    for what, versions, limits in (
        ("nothing changed", known["visto"], UNCHANGED),
        ("1 changed", [*changed[:1], *known["visto"][1:]], POLL),
        (f"{WAITING} changed", changed, POLL),
    ):
        asked = {**known, "visto": versions}
        bench.write(f"poll of {WAITING} rows{when}, {what}", lambda a=asked: client.get(poll, a), limits)


def actions(bench: Bench, client: Client) -> None:
    """Measure looking ten and all up again, what is shown meanwhile, and cancelling it."""
    page = client.get("/referidos/?estado=errores").content.decode()
    ten = {**_query(page), "ids": re.findall(r'name="ids" value="(\d+)"', page)[:10]}
    bench.write("refresh of 10", lambda: client.post("/referidos/actualizar/", ten), arrange=forget)

    everybody = _query(page)
    start = "/referidos/actualizar-todos/"
    bench.write(
        "refresh of all who failed", lambda: client.post(start, everybody), arrange=forget, times=REQUESTS_FOR_ALL
    )
    number = model("census.BulkRefresh").objects.get().total
    bench.write(f"the list while {number} are looked up", lambda: client.get("/referidos/"), LIST)
    polls(bench, client, "/referidos/?estado=pendientes", f" while {number} are looked up")

    def begin() -> None:
        forget()
        client.post(start, everybody)

    def cancel() -> Any:
        return client.post(f"{start}{model('census.BulkRefresh').objects.get().pk}/cancelar/", everybody)

    bench.write(f"cancel of {number}", cancel, arrange=begin, times=REQUESTS_FOR_ALL)
    forget()


def _query(page: str) -> Mapping[str, Any]:
    """Return what the forms of a page of failures send along."""
    return {"estado": "errores", "orden": "-fecha", **seen(page)}


def forget() -> None:
    """Make everybody as they were before any refresh."""
    asked = model("census.CedulaInfo").objects.exclude(status_before="")
    asked.update(status=F("status_before"), error_message=F("message_before"), bulk=None, requested_at=EPOCH)
    model("census.BulkRefresh").objects.all().delete()
    model("django_q.OrmQ").objects.all().delete()


def peak(client: Client) -> str:
    """Return by how much the list makes this process larger at its largest moment, in MB."""
    Path("/proc/self/clear_refs").write_text("5")  # the highest moment counts from here
    before = _largest()
    for _ in range(WARM_UP):
        client.get("/referidos/")
    return f"{_largest() - before:.1f} MB more at its largest moment than the {before:.0f} MB before"


def _largest() -> float:
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) * 1024 / 1_000_000


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=SIZES[-1], help="the most referrals of a leader")
    parser.add_argument("--profile", action="store_true", help="say where the time of the largest list goes")
    options = parser.parse_args()
    bench = Bench()
    with product():
        client = logged_in(people_begin())
        client.get("/referidos/")
        print(machine(), flush=True)
        write_header("request", "queries", "login", "bytes", "median ms", "p95 ms", "limits", "")
        have, memory = 0, ""
        for size in (size for size in SIZES if size <= options.people):
            fill_elsewhere(have, size)
            have, memory = size, peak(client)
            bench.write(f"the list at {size:,}", lambda: client.get("/referidos/"), LIST)
        if have >= 20 * WAITING:
            lists(bench, client)
            polls(bench, client, "/referidos/?estado=pendientes")
            actions(bench, client)
        print(f"\nserving the list at {have:,}: {memory}; {machine()}", flush=True)
        if options.profile:
            with cProfile.Profile() as profile:
                measure(lambda: client.get("/referidos/"))
            pstats.Stats(profile).sort_stats("cumulative").print_stats(40)
    print(f"over a limit: {'; '.join(bench.over) or 'nothing'}")
    return 1 if bench.over else 0


if __name__ == "__main__":
    sys.exit(main())
