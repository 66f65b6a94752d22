"""Is everything there that a lookup needs? One check for each thing; nobody's cédula is asked."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import Schedule

from vereda.census import gate, health, queue, roster, troubles
from vereda.census.models import SourceState, Worker
from vereda.census.sources.asking.captcha import CaptchaError
from vereda.census.sources.asking.executables import find_executable
from vereda.census.sources.port import UnreachableError
from vereda.census.worker import balance, engine, heartbeat

RESCUE_IS_LATE_AFTER = timedelta(minutes=2)
"""It runs every minute, and Django-Q2 checks its schedules twice a minute."""


class UnhealthyError(Exception):
    """A check failed; the message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    name: str
    is_ok: bool
    text: str


def examine() -> Iterator[Finding]:
    """Run every check, one after the other, and give each finding as it comes."""
    for name, check in _CHECKS.items():
        try:
            yield Finding(name, is_ok=True, text=check())
        except UnhealthyError as error:
            yield Finding(name, is_ok=False, text=str(error))
        except Exception as error:  # noqa: BLE001 - one broken part must not hide the others
            yield Finding(name, is_ok=False, text=f"{type(error).__name__}: {error}")


def _database() -> str:
    if not health.is_database_up():
        raise UnhealthyError("does not answer; check DATABASE_URL")
    return connection.vendor


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise UnhealthyError(f"{len(missing)} not applied; run ./manage migrate")
    return "all applied"


def _broker() -> str:
    broker = get_broker()
    if not broker.ping():
        raise UnhealthyError("does not answer; check REDIS_URL")
    return f"{broker.info()}, {broker.queue_size()} waiting"


def _worker() -> str:
    alive = list(Worker.objects.alive(timezone.now()))
    if not alive:
        last = Worker.objects.order_by("-seen_at").first()
        seen = f"last seen {timezone.localtime(last.seen_at):%Y-%m-%d %H:%M:%S}" if last else "never seen"
        raise UnhealthyError(f"{seen}; start ./manage worker")
    text = ", ".join(map(_of_worker, alive))
    return text if len(alive) == 1 else f"{len(alive)} at once, which is harmless: {text}; stop what you did not mean"


def _of_worker(worker: Worker) -> str:
    is_stale = worker.version != heartbeat.code_version()
    stale = ", runs other code than this: restart it" if is_stale else ""
    return f"{worker.host} pid {worker.pid}, last seen {timezone.localtime(worker.seen_at):%H:%M:%S}{stale}"


def _rescue() -> str:
    """One malformed schedule keeps Django-Q2 from running any of them."""
    schedule = Schedule.objects.filter(func=queue.RESCUE_TASK).first()
    if schedule is None:
        raise UnhealthyError("not scheduled; run ./manage migrate")
    late = timezone.now() - RESCUE_IS_LATE_AFTER
    if schedule.next_run < late and Worker.objects.alive(timezone.now()).filter(started_at__lt=late).exists():
        raise UnhealthyError("overdue although a worker runs: look for a malformed row among the scheduled tasks")
    return f"next at {timezone.localtime(schedule.next_run):%H:%M:%S}"


def _gate() -> str:
    now = timezone.now()
    text = "; ".join(_of_gate(gate.state_of(source), now) for source in roster.names())
    if isinstance(gate.open_source(roster.names(), now), gate.Closed):
        raise UnhealthyError(f"{text}; see the state of the sources in the administration")
    return text


def _of_gate(state: SourceState, now: datetime) -> str:
    closed = gate.why_closed(state, now)
    if closed is not None:
        until = f" until {timezone.localtime(closed.until):%Y-%m-%d %H:%M:%S}" if closed.until else ""
        return f"{state.source} closed: {closed.reason}{until}"
    is_today = state.day == timezone.localdate(now)
    lookups, dollars = (state.day_lookups, state.day_dollars) if is_today else (0, 0)
    most = roster.daily_lookups(state.source), settings.CAPTCHA_DAILY_DOLLARS
    of_lookups, of_dollars = ("" if ceiling is None else f" of {ceiling}" for ceiling in most)
    return f"{state.source} open, today {lookups}{of_lookups} lookups, captchas for US$ {dollars:.2f}{of_dollars}"


def _browser() -> str:
    executable = find_executable(settings.BROWSER_EXECUTABLE)
    if executable is None:
        raise UnhealthyError("no Chromium or Chrome found; install one or set BROWSER_EXECUTABLE")
    return executable


def _source() -> str:
    return asyncio.run(_check_sources())


async def _check_sources() -> str:
    """Return what was found at every source. Raises `UnhealthyError` if one of them cannot be used."""
    sources = engine.configured_sources()
    usable, unusable = [], []
    try:
        for source in sources:
            try:
                usable.append(await source.check())
            except UnreachableError as error:
                unusable.append(f"{source.name}: {error}")
    finally:
        for source in sources:
            await source.close()
    if unusable:
        raise UnhealthyError("; ".join([*unusable, *usable]))
    return "; ".join(usable)


def _face() -> str:
    """What recent replies say; `_source` opens a page now, and sees its form but no reply."""
    counts = [f"{face.source} {len(face.unreadable)} of {face.people}" for face in health.faces(timezone.now())]
    lately = f"people with an unreadable page lately: {', '.join(counts) or 'none'}"
    if health.changed_faces(timezone.now()):
        raise UnhealthyError(f"changed: {lately}; see the administration, then ./manage replay once it can be read")
    return lately


def _captcha() -> str:
    if settings.CAPTCHA_SOLVER == "none":
        return "no solver configured"
    try:
        dollars = balance.ask(timezone.now())
    except CaptchaError as error:
        raise UnhealthyError(str(error)) from None
    text = f"{settings.CAPTCHA_SOLVER}, balance US$ {dollars}"
    if dollars < settings.CAPTCHA_LOW_DOLLARS:
        raise UnhealthyError(f"{text}, below US$ {settings.CAPTCHA_LOW_DOLLARS}: top it up before lookups stop")
    return text


def _troubles() -> str:
    """What operators are told of. After the other lines, which have just written down what they found."""
    found = troubles.open_troubles(timezone.now())
    if found:
        raise UnhealthyError(" ".join(f"{trouble.text} {trouble.remedy}" for trouble in found))
    return "none"


def _alerts() -> str:
    if not settings.ALERT_URLS:
        return "ALERT_URLS is empty: nobody is told when something stops; see docs/operations.md"
    return f"addresses that are told of troubles: {len(settings.ALERT_URLS)}; try them with ./manage alert-test"


_CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "worker": _worker,
    "rescue": _rescue,
    "gate": _gate,
    "browser": _browser,
    "source": _source,
    "face": _face,
    "captcha": _captcha,
    "troubles": _troubles,
    "alerts": _alerts,
}
