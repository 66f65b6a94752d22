"""A source that kills its worker for certain people: as a page that brings the browser and all of its process down."""

import os
import signal

from django.apps import AppConfig

from vereda.census.sources.port import LookupHooks, Outcome, Source

FATAL = "66"
"""How the cédulas end whose lookup is fatal."""


class CrashingConfig(AppConfig):
    """Puts the source in place of the configured one."""

    name = "tests.faults"
    label = "crashing"

    def ready(self) -> None:
        """Do it in every process that loads Django with these settings."""
        from vereda.census.worker import engine  # noqa: PLC0415 - models must be loaded first

        configured_sources = engine.configured_sources
        engine.configured_sources = lambda: [_CrashingSource(source) for source in configured_sources()]


class _CrashingSource:
    """Asks like the source that it wraps, and crashes after some."""

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self._source = source
        self.close = source.close
        self.check = source.check

    async def lookup(self, hooks: LookupHooks) -> Outcome:
        outcome = await self._source.lookup(hooks)
        if hooks._held.cedula.endswith(FATAL):
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome
