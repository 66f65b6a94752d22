"""Is everything there that a lookup needs? One check for each thing; nobody's cédula is asked."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import Success

from vereda.census import engine
from vereda.census.health import is_database_up
from vereda.census.sources.build import build_solver
from vereda.census.sources.captcha import CaptchaError
from vereda.census.sources.executables import find_executable
from vereda.census.sources.port import UnreachableError

WORKER_IS_LATE_AFTER = timedelta(minutes=5)
"""The rescue runs every minute, up to half a minute late, and a lookup takes two at most."""


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
    if not is_database_up():
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
    last = Success.objects.order_by("-stopped").first()
    if last is None or last.stopped < timezone.now() - WORKER_IS_LATE_AFTER:
        seen = f"last seen {timezone.localtime(last.stopped):%Y-%m-%d %H:%M:%S}" if last else "never seen"
        raise UnhealthyError(f"{seen}; start ./manage worker")
    return f"last seen {timezone.localtime(last.stopped):%H:%M:%S}"


def _browser() -> str:
    executable = find_executable(settings.BROWSER_EXECUTABLE)
    if executable is None:
        raise UnhealthyError("no Chromium or Chrome found; install one or set BROWSER_EXECUTABLE")
    return executable


def _source() -> str:
    return asyncio.run(_knock())


async def _knock() -> str:
    source = engine.configured_source()
    try:
        return await source.knock()
    except UnreachableError as error:
        raise UnhealthyError(str(error)) from None
    finally:
        await source.close()


def _captcha() -> str:
    if settings.CAPTCHA_SOLVER == "none":
        return "no solver configured"
    try:
        balance = asyncio.run(build_solver(engine.configuration()).balance())
    except CaptchaError as error:
        raise UnhealthyError(str(error)) from None
    return f"{settings.CAPTCHA_SOLVER}, balance US$ {balance}"


_CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "worker": _worker,
    "browser": _browser,
    "source": _source,
    "captcha": _captcha,
}
