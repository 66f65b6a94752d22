"""One attempt: a page is made ready, a slot taken and somebody claimed at once, and what comes of it is stored.

It runs on the engine's event loop, and uses the database through the ORM's thread.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial

from django.conf import settings
from django.utils import timezone

from vereda.census import gate, roster, rules
from vereda.census.sources.port import Failure, Fault, LookupHooks, Outcome, Source
from vereda.census.worker import claims, outcomes
from vereda.census.worker.claims import CaptchaSpend, Claim, ClaimLostError, NobodyDueError
from vereda.census.worker.orm_thread import DATABASE_ERRORS, OrmThread

logger = logging.getLogger(__name__)

NOBODY, UNABLE = "nobody", "unable"
STORING_SECONDS = 15
"""How long a source may go on after the budget of a lookup: it closes its page, and reports a captcha."""


class Attempt(LookupHooks):
    """Looks up whoever is due once the page is ready. `has_opened` is set when the first request was sent.

    The first source is asked; the next one only if the first is unreachable. Any other outcome ends the attempt.
    """

    def __init__(self, sources: Sequence[Source], orm: OrmThread, *, is_alone: bool) -> None:
        self.has_opened = asyncio.Event()
        self._orm = orm
        self._is_alone = is_alone
        self._claimed: Claim | None = None
        self._deadline = asyncio.timeout(None)
        self._ask_next(sources[0])
        self._asking = asyncio.create_task(self._ask(sources))

    @property
    def must_run_alone(self) -> bool:
        return self._claimed is not None and self._claimed.must_run_alone

    def give_up(self) -> None:
        """Stop, and release the claim. Does nothing once there is an outcome."""
        self._asking.cancel()

    async def run(self) -> str:
        """Return what happened, once it is stored. Raises what is raised before anybody is claimed."""
        ending: Callable[..., bool]
        try:
            outcome = await self._asking
        except ClaimLostError:
            await self._release_probe()
            return "claim lost"
        except (asyncio.CancelledError, NobodyDueError):
            await self._orm.run(lambda: None)  # a claim that was being taken meanwhile is there after this
            if self._claimed is None:
                return NOBODY
            ending, what = outcomes.release, "released"
        except Exception as error:
            if self._claimed is None:
                raise
            logger.exception("lookup.broken")
            ending, what = partial(outcomes.record_interruption, detail=type(error).__name__), "interrupted"
        else:
            if self._claimed is None:
                return UNABLE
            ending, what = _ending_of(outcome)
        return await self._end(ending, what)

    def _ask_next(self, source: Source) -> None:
        """Reset what belongs to another source."""
        self._source = source
        self._spend: CaptchaSpend | None = None
        self._sent: asyncio.Task[None] | None = None

    async def _ask(self, sources: Sequence[Source]) -> Outcome:
        """Return the outcome of the first source that is open and reachable."""
        async with self._deadline:
            outcome = await self._source.lookup(self)
        if self._claimed is None or not (isinstance(outcome, Failure) and outcome.is_unreachable):
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
        self._ask_next(following[0])
        self._deadline = asyncio.timeout(None)
        return await self._ask(following)

    async def begin(self) -> str:
        """Wait for a slot, and claim somebody with it. One that is heard of too late is dropped for a new one.

        Raises `NobodyDueError` and `ClaimLostError`.
        """
        while True:
            asked_at = time.monotonic()  # before the transaction: the slot may begin at any time from here on
            begun = await self._retry(self._begin)
            if isinstance(begun, float):
                await asyncio.sleep(begun)
                continue
            if time.monotonic() - asked_at <= roster.pace_seconds(self._source.name) * gate.LATEST_SLOT:
                break
            await self._release_probe()
        self.may_buy_captcha = begun.captchas < rules.MOST_CAPTCHAS
        self.captcha_task = begun.captcha_task if begun.captcha_source == self._source.name else ""
        self._deadline.reschedule(asyncio.get_running_loop().time() + settings.CENSUS_TIMEOUT_SECONDS + STORING_SECONDS)
        return begun.cedula

    def _begin(self) -> Claim | float:
        source, now = self._source.name, timezone.now()
        if self._claimed is None:
            begun = claims.begin(source=source, now=now, is_alone=self._is_alone)
        else:
            begun = claims.begin_again(claimed=self._claimed, source=source, now=now)
        if isinstance(begun, Claim):
            self._claimed = begun
        return begun

    def opened(self) -> None:
        """Let the next lookup start, a pace from now."""
        if self._sent is None:
            self._sent = asyncio.create_task(self._put_next_slot_off())
            self.has_opened.set()

    async def _put_next_slot_off(self) -> None:
        try:
            await self._retry(partial(gate.sent, self._source.name))
        except DATABASE_ERRORS as error:
            logger.warning("lookup.slot_not_put_off error=%s", type(error).__name__)

    async def captcha_started(self, task_id: str) -> None:
        """Store the task's id, so that the next attempt can use the captcha that was paid for."""
        self._spend = self._spend or CaptchaSpend()
        await self._retry(partial(claims.keep_captcha, claimed=self._held, task_id=task_id, source=self._source.name))

    async def captcha_solved(self, seconds: float, cost: Decimal) -> None:
        """Keep what captchas have cost, and add it to the day's spend."""
        before = self._spend.cost if self._spend and self._spend.cost else Decimal(0)
        self._spend = CaptchaSpend(seconds, before + cost)
        await self._retry(partial(gate.spend, self._source.name, cost))

    async def captcha_dropped(self) -> None:
        await self._retry(partial(claims.drop_captcha, claimed=self._held))

    @property
    def _held(self) -> Claim:
        assert self._claimed is not None  # noqa: S101 - nobody buys a captcha before `begin`
        return self._claimed

    async def _end(self, record: Callable[..., bool], what: str) -> str:
        """Store how the claim ended; retry while the database is busy, as long as the claim may hold."""
        ending = partial(record, claimed=self._held, source=self._source.name, now=timezone.now(), spend=self._spend)
        try:
            is_stored = await self._orm.retry(ending, seconds=rules.claim_seconds(settings.CENSUS_TIMEOUT_SECONDS))
            await self._release_probe()
        except DATABASE_ERRORS as error:
            logger.error("lookup.not_stored record=%s error=%s", self._held.record_id, type(error).__name__)  # noqa: TRY400
            return "not stored"
        logger.info("lookup.ended record=%s outcome=%s stored=%s", self._held.record_id, what, is_stored)
        return what if is_stored else "claim lost"

    async def _release_probe(self) -> None:
        """Let another lookup probe if this one was the probe and brought no outcome."""
        if self._claimed is not None:
            await self._retry(partial(gate.release_probe, self._source.name, self._claimed.claimed_at))

    async def _retry[T](self, work: Callable[[], T]) -> T:
        return await self._orm.retry(work, seconds=settings.CENSUS_TIMEOUT_SECONDS / 2)


def _ending_of(outcome: Outcome) -> tuple[Callable[..., bool], str]:
    """Return how an outcome is stored, and what that is called."""
    if not isinstance(outcome, Failure) or outcome.fault is None:
        return partial(outcomes.record_outcome, outcome=outcome), outcome.status
    if outcome.fault in {Fault.BROWSER_LOST, Fault.NO_BROWSER}:
        return partial(outcomes.record_interruption, detail=outcome.reason), "interrupted"
    return partial(outcomes.record_fault, fault=outcome.fault), "released"
