"""The two lines that every lookup leaves in the log, with a masked cédula."""

import logging
import time
from collections.abc import Awaitable

from vereda.census.sources.port import Failure, Outcome
from vereda.lib.cedula import mask

logger = logging.getLogger("vereda.census.sources")


async def logged(source: str, cedula: str, asking: Awaitable[Outcome]) -> Outcome:
    """Wait for the outcome of a lookup and return it."""
    began = time.monotonic()
    logger.info("source.lookup_started source=%s cedula=%s", source, mask(cedula))
    outcome = await asking
    logger.info(
        "source.lookup_ended source=%s cedula=%s status=%s seconds=%.1f reason=%s",
        source,
        mask(cedula),
        outcome.status,
        time.monotonic() - began,
        outcome.reason if isinstance(outcome, Failure) else "",
    )
    return outcome
