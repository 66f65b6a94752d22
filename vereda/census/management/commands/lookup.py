"""`./manage lookup CEDULA [--json]`: one lookup in the foreground; writes nothing to the database."""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from vereda.census.sources.port import Failure, LookupHooks, Outcome, Source, answer_texts
from vereda.census.worker import engine
from vereda.lib import cedula as cedulas

ANSWERED, BAD_CEDULA, NO_ANSWER = 0, 2, 3
_FIRST = ("departamento", "municipio", "puesto", "direccion")
"""The order of CONTRACT's JSON: these, then all other texts as `answer_texts` has them."""


class Command(BaseCommand):
    help = "Ask the configured sources about one cédula. Exit status: 0 answered, 2 bad cédula, 3 no answer."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cedula", help="5 to 10 digits; dots, spaces and a leading C.C. are dropped")
        parser.add_argument("--json", action="store_true", help="print exactly one JSON object")

    def handle(self, *, cedula: str, json: bool, **options: Any) -> None:
        try:
            bare = cedulas.normalise(cedula)
        except cedulas.BadCedulaError as error:
            self.stderr.write(str(error))
            raise SystemExit(BAD_CEDULA) from None
        try:
            sources = engine.configured_sources()
        except ValueError as error:
            self.stderr.write(str(error))
            raise SystemExit(NO_ANSWER) from None
        started = time.monotonic()
        source, outcome = asyncio.run(_ask(sources, bare))
        report = _report(bare, source, outcome, time.monotonic() - started)
        self.stdout.write(_as_json(report) if json else _as_lines(report))
        raise SystemExit(NO_ANSWER if isinstance(outcome, Failure) else ANSWERED)


async def _ask(sources: Sequence[Source], cedula: str) -> tuple[str, Outcome]:
    """Return the first source that is reachable, else the last one, and its outcome."""
    try:
        for source in sources:
            outcome = await source.lookup(LookupHooks(cedula))
            if not (isinstance(outcome, Failure) and outcome.is_unreachable):
                break
        return source.name, outcome
    finally:
        for source in sources:
            await source.close()


def _report(cedula: str, source: str, outcome: Outcome, seconds: float) -> dict[str, object]:
    """Return the fields of CONTRACT's JSON, in its order."""
    answer = None if isinstance(outcome, Failure) else outcome
    return {
        "cedula": cedula,
        "status": outcome.status,
        **dict.fromkeys(_FIRST, ""),
        **answer_texts(answer),
        "error": outcome.reason if isinstance(outcome, Failure) else "",
        "source": source,
        "elapsed_seconds": round(seconds, 3),
    }


def _as_json(report: dict[str, object]) -> str:
    return json.dumps(report, ensure_ascii=False)


def _as_lines(report: dict[str, object]) -> str:
    width = max(map(len, report))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in report.items() if value != "")
