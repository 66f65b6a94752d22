"""What the leader's list and home cost at 10 to 50,000 referrals: queries, bytes and milliseconds of whole requests.

A database of its own (SQLite, migrated, in a temporary folder) holds a leader and another one with as many people,
their records in a mix of all statuses, 50 of them waiting. Django's test client asks, logged in, with the settings of
production: DEBUG off, cached templates, a collected manifest of static files, sessions in the database. There is no
socket and no web server in the figures. "queries" are those of the page itself; "login" are those for session and
user, which every request has besides; BEGIN and COMMIT are not counted. They are counted in a request that is not
timed. Bytes are those of the body, uncompressed. "cpu" is processor time, for when others use the machine as well. With
a figure over a limit the exit status is 1. Run it with: .venv/bin/python -m bench.pages

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.common import machine, write_header, write_row
from practice.people import place_of
from vereda.census.statuses import FAILURES

SIZES = (10, 1_000, 10_000, 50_000)
WAITING = 50
ANA, BETO, DANI = "900000001", "900000002", "900000003"
REQUESTS, WARM_UP, REQUESTS_FOR_ALL = 40, 3, 8
EPOCH = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HTMX = {"HX-Request": "true"}
NAMES = ("María", "José", "Ana", "Luz", "Andrés", "Sofía", "Nicolás", "Yolanda", "Óscar", "Jhon", "Héctor", "Inés")
SURNAMES = ("Peña", "Quiñones", "Bermúdez", "Restrepo", "Muñoz", "Tunubalá", "Ospina", "Chocontá", "Yepes", "Gómez")
SHARES = {
    "ACTIVE": 50,
    "NOT_FOUND": 8,
    "CANCELLED_DECEASED": 4,
    "CANCELLED_OTHER": 6,
    "ERROR": 12,
    "TIMEOUT": 10,
    "BLOCKED": 10,
}
NOVEDADES = {"CANCELLED_DECEASED": "Cancelada por Muerte", "CANCELLED_OTHER": "Cancelada por Doble Cedulación"}
FAILED = "La página de la Registraduría no nos dejó consultar."
_LOGIN = re.compile(r'FROM "accounts_personsession"|FROM "accounts_user" WHERE "accounts_user"."id" = \d+ LIMIT 21$')
_TRANSACTION = re.compile(r"BEGIN|COMMIT|SAVEPOINT|RELEASE")


class Limits(NamedTuple):
    """What issue 4 allows: queries, bytes and the median of milliseconds."""

    queries: float = float("inf")
    size: float = float("inf")
    median: float = float("inf")

    def verdict(self, *figures: float) -> str:
        """Return "ok", or which of the figures are over their limits."""
        names = ("queries", "bytes", "ms")
        over = [name for name, figure, limit in zip(names, figures, self, strict=True) if figure > limit]
        return f"over: {', '.join(over)}" if over else "ok"


LIST, POLL, UNCHANGED = Limits(8, 120_000, 60), Limits(3, median=15), Limits(2, 0, 15)
HOME = Limits(4, 30_000, 30)
over_limits: list[str] = []


def bench(
    what: str,
    send: Callable[[], Any],
    limits: Limits | None = None,
    *,
    arrange: Callable[[], object] = int,
    times: int = REQUESTS,
) -> None:
    """Send a request so many times, each after `arrange`, once to count and otherwise to time; write the row."""
    for _ in range(WARM_UP):
        arrange()
        send()
    arrange()
    with CaptureQueriesContext(connection) as captured:
        response = send()
    assert response.status_code < 300, response
    statements = [query["sql"] for query in captured if not _TRANSACTION.match(query["sql"])]
    login = sum(bool(_LOGIN.search(sql)) for sql in statements)
    walls, cpus = [], []
    for _ in range(times):
        arrange()
        wall, cpu = time.perf_counter(), time.process_time()
        send()
        walls.append(1000 * (time.perf_counter() - wall))
        cpus.append(1000 * (time.process_time() - cpu))
    figures = (len(statements) - login, len(response.content), statistics.median(walls))
    verdict = limits.verdict(*figures) if limits else ""
    allowed = " / ".join(f"{limit:g}" if limit < float("inf") else "–" for limit in limits or ())
    in_ms = [f"{ms:.1f}" for ms in (figures[2], statistics.quantiles(walls, n=20)[-1], statistics.median(cpus))]
    write_row(what, figures[0], login, figures[1], *in_ms, allowed, verdict)
    if verdict.startswith("over"):
        over_limits.append(what)


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


def model(name: str) -> Any:
    """Return a model of the product, which cannot be imported before the database has its address."""
    return apps.get_model(name)


def logged_in(cedula: str) -> Client:
    """Return the browser of somebody who has logged in."""
    client = Client()
    client.force_login(model("accounts.User").objects.get(cedula=cedula))
    return client


def begin() -> None:
    """Make a superuser, two leaders and a worker that lives."""
    users = model("accounts.User").objects
    users.create_superuser(ANA, full_name="Ana Peñaranda")
    for cedula, name in ((BETO, "Beto Quiñones"), (DANI, "Dani Restrepo")):
        users.create_user(cedula, full_name=name, role="LEADER")
    tomorrow = timezone.now() + timedelta(days=1)
    model("census.Worker").objects.create(key="bench", host="bench", pid=1, started_at=EPOCH, seen_at=tomorrow)
    model("census.SourceState").objects.get_or_create(source="practice")


def fill(first: int, last: int) -> None:
    """Give both leaders the people with the numbers from `first` up to `last`."""
    dice = random.Random(first)
    for at, cedula in enumerate((BETO, DANI)):
        leader = model("accounts.User").objects.get(cedula=cedula)
        people = [_person(2 * number + at, leader, dice) for number in range(first, last)]
        model("accounts.User").objects.bulk_create(people, batch_size=1000)
        records = [_record(number, person, dice) for number, person in zip(range(first, last), people, strict=True)]
        model("census.CedulaInfo").objects.bulk_create(records, batch_size=500)
        model("accounts.Consent").objects.bulk_create(_consents(people), batch_size=1000)


def fill_elsewhere(first: int, last: int) -> None:
    """Fill in another process, so that this one's memory is that of serving pages."""
    connection.close()
    child = multiprocessing.get_context("fork").Process(target=fill, args=(first, last))
    child.start()
    child.join()
    assert child.exitcode == 0


def _person(index: int, leader: Any, dice: random.Random) -> Any:
    return model("accounts.User")(
        cedula=str(11_000_000 + 7 * index if index % 5 else 1_010_000_000 + 13 * index),
        full_name=" ".join([*dice.sample(NAMES, 2), *dice.sample(SURNAMES, 2)]),
        phone=f"+573{dice.randrange(10**8, 3 * 10**8)}",
        password="!",
        referred_by=leader,
        date_joined=EPOCH + timedelta(seconds=dice.randrange(20_000_000)),
    )


def _consents(people: list[Any]) -> Iterator[Any]:
    """Return what the product would have written down of people who agreed to everything."""
    policy = model("accounts.Policy").objects.current()
    given = {"is_given": True, "policy": policy, "policy_hash": policy.text_hash, "channel": "link", "at": EPOCH}
    for purpose in ("account", "census_lookup", "contact_by_leader"):
        yield from (model("accounts.Consent")(user=person, purpose=purpose, **given) for person in people)


def _record(number: int, person: Any, dice: random.Random) -> Any:
    """Return a record as the product would have left it; one in twenty of the first 1,000 waits."""
    (status,) = dice.choices([*SHARES], [*SHARES.values()])
    known: dict[str, Any] = {
        "answer_status": status,
        "answer_source": "registraduria",
        "fetched_at": person.date_joined,
    }
    if number < 20 * WAITING and number % 20 == 0:
        status, known = "PENDING", {}
    elif status in FAILURES:
        known = {"attempts": 4, "error_message": FAILED}
    elif status == "ACTIVE":
        place = place_of(person.cedula)
        known |= {name: getattr(place, name) for name in ("departamento", "municipio", "puesto", "direccion", "mesa")}
    elif status in NOVEDADES:
        known |= {"novedad": NOVEDADES[status], "resolucion": "1234", "fecha_novedad": "05/03/2021"}
    asked = {"requested_at": person.date_joined, "next_at": person.date_joined, "requested_by": person}
    return model("census.CedulaInfo")(
        user=person, referred_by_id=person.referred_by_id, status=status, **asked, **known
    )


def lists(beto: Client) -> None:
    """Measure every part of the largest list."""
    pages = int(re.search(r"Página 1 de (\d+)", beto.get("/referidos/").content.decode())[1])
    orders = [f"orden={sign}{name}" for name in ("nombre", "cedula", "fecha", "estado") for sign in ("", "-")]
    tabs = [f"estado={tab}" for tab in ("pendientes", "encontrados", "novedades", "no-encontrados", "errores")]
    places = [f"pagina={pages}", f"orden=-estado&pagina={pages // 2}", "estado=errores&orden=nombre"]
    searches = ["q=maria+quinones", "q=zzz", "q=maria&estado=errores&orden=nombre"]
    for part in (*orders, *tabs, *places, *searches):
        bench(part, lambda: beto.get(f"/referidos/?{part}"), LIST)  # noqa: B023 - called at once
    digits = beto.post("/referidos/buscar/", {"q": "1234"})["Location"]
    bench("search for digits", lambda: beto.get(digits), LIST)
    ana = logged_in(ANA)
    bench("a superuser's list", lambda: ana.get("/referidos/"), LIST)
    bench("a superuser's list, orden=estado", lambda: ana.get("/referidos/?orden=estado"), LIST)
    bench("the page for printing", lambda: beto.get("/referidos/imprimir/"))


def seen(page: str) -> dict[str, list[str]]:
    """Return what a page sends along when it asks what changed."""
    found = re.findall(r'type="hidden" name="(visto|avance|aviso)" value="([^"]*)"', page)
    return {key: [value for name, value in found if name == key] for key, _ in found}


def polls(beto: Client, when: str = "") -> None:
    """Measure what a page asks every few seconds, with nothing, one and all of its rows changed.

    All at once they change by a request for all or its cancel; at a pace of 5 s, one does. While such a request runs, a
    poll brings its progress as well. Neither has a limit.
    """
    page = beto.get("/referidos/?estado=pendientes").content.decode()
    address = html.unescape(re.search(r'id="vivo"\s+hx-get="([^"]*)"', page)[1])
    known = seen(page)
    rows = known["visto"]
    assert len(rows) == WAITING
    changed = [f"{row.split('.')[0]}.00000000" for row in rows]
    for number, limits in ((0, UNCHANGED), (1, POLL), (WAITING, None)):
        asked = {**known, "visto": [*changed[:number], *rows[number:]]}
        what = f"poll of {WAITING} waiting{when}, {number} changed"
        bench(what, lambda: beto.get(address, asked, headers=HTMX), None if when else limits)  # noqa: B023 - called at once


def refreshes(beto: Client) -> None:
    """Measure looking ten and all up again, what is shown meanwhile, and cancelling it."""
    page = beto.get("/referidos/?estado=errores").content.decode()
    everybody = {"estado": "errores", "orden": "-fecha", **seen(page)}
    ten = {**everybody, "ids": re.findall(r'name="ids"\s+value="(\d+)"', page)[:10]}

    def start() -> Any:
        return beto.post("/referidos/actualizar-todos/", everybody, headers=HTMX)

    def start_anew() -> None:
        forget_refreshes()
        start()

    def cancel() -> Any:
        bulk = model("census.BulkRefresh").objects.get()
        return beto.post(f"/referidos/actualizar-todos/{bulk.pk}/cancelar/", everybody, headers=HTMX)

    bench("refresh of 10", lambda: beto.post("/referidos/actualizar/", ten, headers=HTMX), arrange=forget_refreshes)
    bench("refresh of all who failed", start, arrange=forget_refreshes, times=REQUESTS_FOR_ALL)
    while_some = f" while {model('census.BulkRefresh').objects.get().total:,} are asked about"
    bench(f"the list{while_some}", lambda: beto.get("/referidos/"), LIST)
    bench(f"the list{while_some}, estado=pendientes", lambda: beto.get("/referidos/?estado=pendientes"), LIST)
    polls(beto, while_some)
    bench("cancel", cancel, arrange=start_anew, times=REQUESTS_FOR_ALL)


def forget_refreshes() -> None:
    """Make everybody as they were before any refresh."""
    asked = model("census.CedulaInfo").objects.exclude(status_before="")
    asked.update(status=F("status_before"), error_message=F("message_before"), bulk=None, requested_at=EPOCH, day=None)
    model("census.BulkRefresh").objects.all().delete()
    model("django_q.OrmQ").objects.all().delete()


def peak_of_list(beto: Client) -> str:
    """Return by how much the list makes this process larger at its largest moment (Linux only)."""
    Path("/proc/self/clear_refs").write_text("5")  # the largest moment counts from here
    before = _largest()
    for _ in range(WARM_UP):
        beto.get("/referidos/")
    return f"{_largest() - before:.1f} MB on top of {before:.0f} MB"


def _largest() -> float:
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) * 1024 / 1_000_000


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=SIZES[-1], help="the most referrals of a leader")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with product():
        begin()
        beto = logged_in(BETO)
        beto.get("/referidos/")
        print(machine(), flush=True)
        write_header("request", "queries", "login", "bytes", "median ms", "p95 ms", "cpu ms", "limits", "")
        have, peak = 0, ""
        for size in (size for size in SIZES if size <= options.people):
            fill_elsewhere(have, size)
            have, peak = size, peak_of_list(beto)
            bench(f"the list at {size:,}", lambda: beto.get("/referidos/"), LIST)
            bench(f"home at {size:,}", lambda: beto.get("/"), HOME)
        if have >= 20 * WAITING:
            lists(beto)
            polls(beto)
            refreshes(beto)
        print(f"\nmemory at the largest moment of the list at {have:,}: {peak}; {machine()}", flush=True)
        if options.profile:
            with cProfile.Profile() as profile:
                bench("profiled", lambda: beto.get("/referidos/"))
            pstats.Stats(profile).sort_stats("cumulative").print_stats(60)
    print(f"over a limit: {'; '.join(over_limits) or 'nothing'}")
    return 1 if over_limits else 0


if __name__ == "__main__":
    sys.exit(main())
