"""A source without a site: for tests of what stands above a source, and for looking at pages without a browser."""

import asyncio
from collections.abc import Mapping

from vereda.census.sources.port import Cancelled, Failure, FailureKind, Found, LookupHooks, NotFound, Outcome

_SUSPENDED = "Vigente con Perdida o Suspension de los Derechos Politicos"

_BY_ENDING: dict[str, Outcome] = {
    "99": Cancelled("Cancelada por Muerte", "0001 de 2020", "01/02/2020"),
    "98": Cancelled("Cancelada por Doble Cedulación"),
    "97": Cancelled(_SUSPENDED),
    "96": NotFound(),
    "95": Failure(FailureKind.BLOCKED, "the site blocked us (HTTP 200)"),
    "94": Failure(FailureKind.TIMEOUT, "the site did not reply in time"),
    "93": Failure(FailureKind.NETWORK_ERROR, "the site could not be reached (ERR_EMPTY_RESPONSE)"),
    "92": Failure(FailureKind.PARSE_ERROR, "the result says nothing known"),
    "91": Failure(FailureKind.CAPTCHA_FAILED, "the site did not accept the captcha"),
    "89": NotFound(),
    "88": Failure(FailureKind.NETWORK_ERROR, "the site could not reach its own service"),
    "87": Failure(FailureKind.NETWORK_ERROR, "the site asked to load the page again: its session was over"),
    "86": Cancelled("Pendiente por Solicitud en proceso"),
    "85": Cancelled("Cancelada por Falsa Identidad"),
    "84": Failure(FailureKind.PARSE_ERROR, "a voting place without its municipio, puesto or mesa"),
    "83": Cancelled("Cancelada por Muerte"),
    "82": Failure(FailureKind.NETWORK_ERROR, "the site answered HTTP 504"),
    "80": Failure(FailureKind.NETWORK_ERROR, "the census is being updated"),
}


def outcome_by_ending(cedula: str) -> Outcome:
    """Return what the practice site would bring for this cédula: its last two digits decide."""
    place = Found("SINCELEJO", "IE LOS MANGOS", str(int(cedula) % 30 + 1), "SUCRE", "CL 22 No. 10A-380")
    return _BY_ENDING.get(cedula[-2:], place)


class FakeSource:
    """Answers from `answers`, else by the cédula's ending. With a `gate`, every lookup waits until it is set.

    `started` lists the cédulas asked so far; `is_closed` tells whether it was closed.
    """

    def __init__(
        self, answers: Mapping[str, Outcome] | None = None, *, name: str = "fake", gate: asyncio.Event | None = None
    ) -> None:
        self.name = name
        self.started: list[str] = []
        self.is_closed = False
        self._answers = dict(answers or {})
        self._gate = gate

    async def lookup(self, hooks: LookupHooks) -> Outcome:
        """Ask about whom the hooks name."""
        cedula = await hooks.begin()
        hooks.opened()
        self.started.append(cedula)
        if self._gate is not None:
            await self._gate.wait()
        return self._answers.get(cedula) or outcome_by_ending(cedula)

    async def check(self) -> str:
        """Say that somebody is here."""
        return f"{self.name}: answers without a site"

    async def close(self) -> None:
        """Take note. Safe to call twice."""
        self.is_closed = True
