"""Troubles: what an operator has to know now, with what to do about it.

One list for alerts, `/salud/`, `./manage doctor` and the administration's front page. `look` reads what the database
says, by a few short queries; `troubles_of` decides from that alone. Nothing here names a person.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count

from vereda.census import gate, health, roster, rules
from vereda.census.models import CaptchaBalance, CedulaInfo, Priority, Restart, SourceState, Worker
from vereda.census.statuses import ClosedReason

LONG_REST = timedelta(minutes=15)
LONG_WAIT = timedelta(hours=1)
MANY_RESTARTS = 3
RESTARTS_WITHIN = timedelta(hours=1)
PATIENCE = timedelta(minutes=2)
"""A worker that is stopped and started again, for an upgrade say, is no trouble."""


class Kind(StrEnum):
    """What the trouble is. Monitors read these words at `/salud/`."""

    NO_WORKER = "no worker"
    RESTARTS = "restarts"
    NO_BROWSER = "no browser"
    RESTING = "resting"
    NO_CAPTCHA = "no captcha"
    CHANGED = "changed"
    NO_SOLVER = "no solver"
    WRONG_KEY = "wrong key"
    NO_BALANCE = "no balance"
    LOW_BALANCE = "low balance"
    LOOKUPS_SPENT = "lookups spent"
    MONEY_SPENT = "money spent"
    WAITING = "waiting"


_NEW_START = "y reinicie el proceso de consultas."
_ON_ITS_OWN = "Las consultas siguen solas en unos minutos, o ya con «Terminar el descanso» en «Estado de las fuentes»."
_SAYS = {
    Kind.NO_WORKER: (
        "No hay ningún proceso de consultas en marcha: no se consulta a nadie.",
        "Inicie ./manage worker, o su servicio, y mire ./manage doctor.",
    ),
    Kind.RESTARTS: (
        "El proceso de consultas de {} se reinició varias veces en la última hora.",
        "Mire ./manage doctor y lo último que escribió el proceso: suele faltar memoria, o el navegador se cae.",
    ),
    Kind.NO_BROWSER: (
        "El proceso de consultas de {} no tiene navegador y no puede consultar.",
        "Instale Chromium o Chrome allí, o diga en BROWSER_EXECUTABLE dónde está; ./manage doctor lo comprueba.",
    ),
    Kind.RESTING: (
        "La fuente «{}» no nos atiende desde hace más de 15 minutos.",
        "Vereda la intenta de nuevo por su cuenta. Si dura, mire ./manage doctor. Ayuda la consulta asistida.",
    ),
    Kind.NO_CAPTCHA: (
        "El servicio de captchas no resuelve los de la fuente «{}» desde hace más de 15 minutos.",
        "Vereda lo intenta de nuevo por su cuenta. Mire la página del servicio y ./manage doctor.",
    ),
    Kind.CHANGED: (
        "Las páginas de la fuente «{}» cambiaron y no se saben leer.",
        "Avise a quien mantiene el programa. Cuando las sepa leer, ./manage replay aprovecha lo que ya llegó.",
    ),
    Kind.NO_SOLVER: (
        "La fuente «{}» pide un captcha y no hay quien lo resuelva.",
        f"Ponga CAPTCHA_SOLVER y TWOCAPTCHA_API_KEY, {_NEW_START}",
    ),
    Kind.WRONG_KEY: (
        "El servicio de captchas no acepta la clave: las consultas están detenidas.",
        f"Corrija TWOCAPTCHA_API_KEY {_NEW_START}",
    ),
    Kind.NO_BALANCE: (
        "El servicio de captchas no tiene saldo: las consultas están detenidas.",
        f"Recárguelo en la página del servicio. {_ON_ITS_OWN}",
    ),
    Kind.LOW_BALANCE: (
        "Al servicio de captchas le quedan menos de US$ {}.",
        "Recárguelo en la página del servicio antes de que las consultas se detengan.",
    ),
    Kind.LOOKUPS_SPENT: (
        "La fuente «{}» llegó al tope de consultas del día: los turnos esperan hasta la medianoche.",
        f"Si era lo previsto, no haga nada. Si no, suba CENSUS_DAILY_LOOKUPS {_NEW_START}",
    ),
    Kind.MONEY_SPENT: (
        "La fuente «{}» llegó al tope de gasto en captchas del día: los turnos esperan hasta la medianoche.",
        f"Mire en «Intentos de consulta» si el gasto es normal. Si lo es, suba CAPTCHA_DAILY_DOLLARS {_NEW_START}",
    ),
    Kind.WAITING: (
        "Hay quien espera su consulta desde hace más de una hora.",
        "Mire ./manage doctor: o la fila es larga, o algo la frena. Los turnos quedan guardados.",
    ),
}
_BY_REASON = {
    ClosedReason.CHANGED: Kind.CHANGED,
    ClosedReason.NO_SOLVER: Kind.NO_SOLVER,
    ClosedReason.WRONG_KEY: Kind.WRONG_KEY,
    ClosedReason.NO_BALANCE: Kind.NO_BALANCE,
    ClosedReason.LOOKUPS_SPENT: Kind.LOOKUPS_SPENT,
    ClosedReason.MONEY_SPENT: Kind.MONEY_SPENT,
}
_BY_REASON_OF_LONG_REST = {ClosedReason.NO_CAPTCHA: Kind.NO_CAPTCHA}
_BY_FAULT = {Worker.Fault.NO_BROWSER: Kind.NO_BROWSER}
_OF_ALL_SOURCES = (Kind.WRONG_KEY, Kind.NO_BALANCE)
"""They share one captcha service."""
_EXPECTED = (ClosedReason.PAUSED, *gate.CEILINGS)
"""While every source is closed for one of these, people wait because an operator wanted it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that an operator has to know: of which source or host, what it is, and what to do, in Spanish."""

    kind: Kind
    about: str
    text: str
    remedy: str

    @property
    def code(self) -> str:
        """Tell it from every other trouble."""
        return f"{self.kind}:{self.about}" if self.about else str(self.kind)

    @property
    def patience(self) -> timedelta:
        """How long it may last before anybody is told."""
        return PATIENCE if self.kind is Kind.NO_WORKER else timedelta()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the database says at a moment, as far as it decides whether there is trouble."""

    now: datetime
    workers: Sequence[Worker] = ()
    seen_at: datetime | None = None
    restarts: Sequence[tuple[str, int]] = ()
    sources: Sequence[SourceState] = ()
    changed: Sequence[str] = ()
    dollars: Decimal | None = None
    asked_at: datetime | None = None

    @property
    def worker_seconds(self) -> int | None:
        """Seconds since the last heartbeat of any worker; None if there was none."""
        return _seconds_since(self.seen_at, self.now)

    @property
    def queue_seconds(self) -> int:
        """Seconds since the longest waiting person asked; 0 if nobody waits. Lookups in bulk wait by design."""
        return _seconds_since(self.asked_at, self.now) or 0


def look(now: datetime) -> Snapshot:
    """Read what there is to see."""
    names = roster.names()
    found = SourceState.objects.in_bulk(names)
    waiting = CedulaInfo.objects.longest_waiting(Priority.AT_A_SCREEN)
    lately = Restart.objects.filter(at__gt=now - RESTARTS_WITHIN).values_list("host")
    balance = CaptchaBalance.objects.filter(solver=settings.CAPTCHA_SOLVER).values_list("dollars", flat=True)
    return Snapshot(
        now=now,
        workers=list(Worker.objects.alive(now)),
        seen_at=Worker.objects.order_by("-seen_at").values_list("seen_at", flat=True).first(),
        restarts=list(lately.annotate(times=Count("pk")).order_by("host")),
        sources=[found[name] for name in names if name in found],
        changed=[face.source for face in health.changed_faces(now)],
        dollars=balance.first(),
        asked_at=waiting.values_list("requested_at", flat=True).first(),
    )


def open_troubles(now: datetime) -> list[Trouble]:
    return troubles_of(look(now))


def troubles_of(snapshot: Snapshot) -> list[Trouble]:
    """Return every trouble once, those that stop everything first."""
    found = [*_of_workers(snapshot), *_of_sources(snapshot), *_of_captchas(snapshot), *_of_people(snapshot)]
    return list({trouble.code: trouble for trouble in found}.values())


def report(now: datetime) -> dict[str, Any]:
    """Return what `/salud/` says while the database answers, and what it can say when that ends in the middle."""
    try:
        snapshot = look(now)
        troubles = troubles_of(snapshot)
    except DatabaseError:
        return {"status": "degraded", "census": "unknown", "worker": "unknown"}
    kinds = sorted({trouble.kind for trouble in troubles})
    return {
        "status": "degraded" if troubles else "ok",
        "census": "changed" if Kind.CHANGED in kinds else "ok",
        "worker": "ok" if snapshot.workers else "dead",
        "worker_seconds": snapshot.worker_seconds,
        "queue_seconds": snapshot.queue_seconds,
        "sources": {state.source: _word_for(state, now) for state in snapshot.sources},
        "troubles": kinds,
    }


def _of_workers(snapshot: Snapshot) -> Iterator[Trouble]:
    if not snapshot.workers:
        yield _trouble(Kind.NO_WORKER)
    for worker in snapshot.workers:
        if worker.fault:
            yield _trouble(_BY_FAULT[Worker.Fault(worker.fault)], worker.host)
    for host, times in snapshot.restarts:
        if times >= MANY_RESTARTS:
            yield _trouble(Kind.RESTARTS, host)


def _of_sources(snapshot: Snapshot) -> Iterator[Trouble]:
    for state in snapshot.sources:
        kind = _kind_of(state, snapshot.now)
        if kind is not None:
            yield _trouble(kind, "" if kind in _OF_ALL_SOURCES else state.source)
    for source in snapshot.changed:
        yield _trouble(Kind.CHANGED, source)


def _kind_of(state: SourceState, now: datetime) -> Kind | None:
    """Return the trouble of a source. One that rests is in trouble until it answers, not only until its probe."""
    if state.is_paused:
        return None
    if state.rests:
        reason = ClosedReason(state.rest_reason or ClosedReason.RESTING)
        after_long = _BY_REASON_OF_LONG_REST.get(reason, Kind.RESTING) if _rested(state, now) > LONG_REST else None
        return _BY_REASON.get(reason, after_long)
    closed = gate.why_closed(state, now)
    is_spent = closed is not None and closed.until is not None  # a ceiling of 0 is a switch, and ends at no time
    return _BY_REASON.get(closed.reason) if closed is not None and is_spent else None


def _rested(state: SourceState, now: datetime) -> timedelta:
    """Return how long a source has rested, all its rests in a row together."""
    if state.rests_until is None:
        return timedelta()
    lengths = [
        rules.rest_seconds(rests=number, first_seconds=settings.CENSUS_REST_SECONDS) for number in range(state.rests)
    ]
    return timedelta(seconds=sum(lengths)) - max(timedelta(), state.rests_until - now)


def _of_captchas(snapshot: Snapshot) -> Iterator[Trouble]:
    if snapshot.dollars is not None and snapshot.dollars < settings.CAPTCHA_LOW_DOLLARS:
        yield _trouble(Kind.LOW_BALANCE, says=f"{settings.CAPTCHA_LOW_DOLLARS:.2f}")


def _of_people(snapshot: Snapshot) -> Iterator[Trouble]:
    closed = gate.choose(snapshot.sources, snapshot.now)[1] if snapshot.sources else None
    is_expected = closed is not None and closed.reason in _EXPECTED
    if snapshot.queue_seconds > LONG_WAIT.total_seconds() and not is_expected:
        yield _trouble(Kind.WAITING)


def _trouble(kind: Kind, about: str = "", *, says: str = "") -> Trouble:
    text, remedy = _SAYS[kind]
    return Trouble(kind, about, text.format(says or about), remedy)


def _word_for(state: SourceState, now: datetime) -> str:
    closed = gate.why_closed(state, now)
    return "open" if closed is None else str(closed.reason)


def _seconds_since(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else max(0, int((now - moment).total_seconds()))
