"""One attempt at a claimed lookup: it waits at the gate, asks the source and stores what comes of it.

It runs on the engine's event loop, and uses the database through the ORM's thread.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from django.conf import settings
from django.utils import timezone

from vereda.census import gate, roster, rules
from vereda.census.sources.port import Failure, LookupHooks, Outcome, Source
from vereda.census.worker import claims, outcomes
from vereda.census.worker.claims import CaptchaSpend, Claim, ClaimLostError
from vereda.census.worker.orm_thread import DATABASE_ERRORS, OrmThread

logger = logging.getLogger(__name__)


UNABLE = "unable"
UNABLE_PAUSE = timedelta(seconds=30)
"""How long a worker claims nobody after it could not open a page."""


class SourceClosedError(Exception):
    """The gate closed before the page was opened."""


class Attempt(LookupHooks):
    """Looks one claimed person up. `has_opened` is set once the first request was sent.

    The first source is asked; the next one only if the first is unreachable. Any other outcome ends the attempt.
    """

    def __init__(self, claimed: Claim, sources: Sequence[Source], orm: OrmThread) -> None:
        self.may_buy_captcha = claimed.captchas < rules.MOST_CAPTCHAS
        self.has_opened = asyncio.Event()
        self._claimed = claimed
        self._orm = orm
        self._begin_with(sources[0])
        self._asking = asyncio.create_task(self._ask(sources))

    def give_up(self) -> None:
        """Stop, and release the claim. Does nothing once there is an outcome."""
        self._asking.cancel()

    async def run(self) -> str:
        """Return what happened, once it is stored."""
        try:
            return await self._run()
        except DATABASE_ERRORS as error:
            logger.error("lookup.not_stored record=%s error=%s", self._claimed.record_id, type(error).__name__)  # noqa: TRY400
            return "not stored"

    def _begin_with(self, source: Source) -> None:
        """Reset what belongs to another source."""
        self._source = source
        self.captcha_task = self._claimed.captcha_task if self._claimed.captcha_source == source.name else ""
        self._spend: CaptchaSpend | None = None
        self._asked_at = 0.0
        self._entered_at: datetime | None = None

    async def _ask(self, sources: Sequence[Source]) -> Outcome:
        """Return the outcome of the first source that is open and reachable."""
        outcome = await self._source.lookup(self._claimed.cedula, self)
        if not (isinstance(outcome, Failure) and outcome.is_unreachable):
            return outcome
        others = {source.name: place for place, source in enumerate(sources) if place}
        fall_back = partial(
            outcomes.fall_back,
            claimed=self._claimed,
            failure=outcome,
            source=self._source.name,
            others=list(others),
            now=timezone.now(),
        )
        name = await self._retry(fall_back)
        if name is None:
            return outcome
        following = sources[others[name] :]
        self._begin_with(following[0])
        return await self._ask(following)

    async def _run(self) -> str:
        try:
            outcome = await self._asking
        except (asyncio.CancelledError, SourceClosedError):
            await self._store(partial(outcomes.release, claimed=self._claimed))
            await self._release_probe()
            return "released"
        except ClaimLostError:
            await self._release_probe()
            return "claim lost"
        except Exception as error:
            logger.exception("lookup.broken")
            return await self._interrupted(type(error).__name__)
        if isinstance(outcome, Failure) and outcome.is_ours:
            return await (self._interrupted(outcome.reason) if self.has_opened.is_set() else self._unable())
        is_stored = await self._store(partial(outcomes.record_outcome, claimed=self._claimed, outcome=outcome))
        logger.info("lookup.ended record=%s outcome=%s stored=%s", self._claimed.record_id, outcome.status, is_stored)
        return outcome.status if is_stored else "claim lost"

    async def _unable(self) -> str:
        """Release the claim: without a browser nobody is asked, and nothing has failed."""
        await self._store(partial(outcomes.release, claimed=self._claimed, pause=UNABLE_PAUSE))
        return UNABLE

    async def _interrupted(self, detail: str) -> str:
        await self._store(partial(outcomes.record_interruption, claimed=self._claimed, detail=detail))
        await self._release_probe()
        return "interrupted"

    async def _release_probe(self) -> None:
        """Let another lookup probe, if this one was the probe: it brings no outcome."""
        if self._entered_at is not None:
            await self._retry(partial(gate.release_probe, self._source.name, self._entered_at))

    async def _store(self, record: Callable[..., bool]) -> bool:
        """Store how the claim ended; retry while the database is busy, as long as the claim may hold."""
        ending = partial(record, source=self._source.name, now=timezone.now(), spend=self._spend)
        return await self._orm.retry(ending, seconds=rules.claim_seconds(settings.CENSUS_TIMEOUT_SECONDS))

    async def before_open(self) -> None:
        """Wait at the gate until a slot was taken. A slot that is reported too late is dropped for a new one.

        Raises `SourceClosedError` and `ClaimLostError`.
        """
        while True:
            entered = await self._retry(self._enter)
            if isinstance(entered, gate.Closed):
                raise SourceClosedError
            if entered > 0:
                await asyncio.sleep(entered)
            elif time.monotonic() - self._asked_at <= roster.pace_seconds(self._source.name) / 2:
                return
            else:
                await self._release_probe()

    def _enter(self) -> gate.Closed | float:
        self._asked_at = time.monotonic()  # before the UPDATE: the slot may begin at any time from here on
        self._entered_at = timezone.now()
        entered = gate.enter(self._source.name, self._entered_at)
        if not isinstance(entered, gate.Closed):
            self._claimed = claims.start(claimed=self._claimed, now=timezone.now())
        return entered

    async def opened(self) -> None:
        """Let the next lookup start. If this request was sent late, its slot begins now."""
        self.has_opened.set()
        slack = roster.pace_seconds(self._source.name) * gate.MARGIN / 2
        if time.monotonic() - self._asked_at > slack:
            await self._retry(partial(gate.postpone, self._source.name))

    async def captcha_started(self, task_id: str) -> None:
        """Store the task's id, so that the next attempt can use the captcha that was paid for."""
        self._spend = CaptchaSpend()
        keep = partial(claims.keep_captcha, claimed=self._claimed, task_id=task_id, source=self._source.name)
        await self._retry(keep)

    async def captcha_solved(self, seconds: float, cost: Decimal) -> None:
        """Keep what the captcha cost, and add it to the day's spend."""
        self._spend = CaptchaSpend(seconds, cost)
        await self._retry(partial(gate.spend, self._source.name, cost))

    async def captcha_dropped(self) -> None:
        await self._retry(partial(claims.drop_captcha, claimed=self._claimed))

    async def _retry[T](self, work: Callable[[], T]) -> T:
        return await self._orm.retry(work, seconds=settings.CENSUS_TIMEOUT_SECONDS / 2)
