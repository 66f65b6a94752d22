"""A census site asked through a browser: one page load, one captcha if the page has one, one form, one reply."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeGuard

from vereda.census.sources.asking.browser import (
    Browser,
    Departure,
    Page,
    comes_true,
    content_of,
    departing,
    plain_errors,
)
from vereda.census.sources.asking.captcha import CaptchaError, CaptchaSolver, NoSolver, Solved, TooLateError
from vereda.census.sources.asking.dialects import DIALECTS, Dialect, Form
from vereda.census.sources.asking.errors import PageError
from vereda.census.sources.port import Failure, FailureKind, LookupHooks, Outcome, UnreachableError
from vereda.census.sources.reading.evidence import scrub
from vereda.census.sources.reading.parsing import read_strange_page
from vereda.census.sources.reading.replaying import kept
from vereda.lib.cedula import mask

logger = logging.getLogger("vereda.census.sources")

_REPORT_SECONDS = 5
_LOOK_SECONDS = 2
_RECAPTCHA = "6L"
_FORM_SECONDS = 10
"""How long a page's script may take to draw its form."""

_TOO_LATE = {
    "page": Failure(FailureKind.TIMEOUT, "the page did not load in time"),
    "captcha": Failure(FailureKind.CAPTCHA_FAILED, "the captcha was not solved in time"),
    "reply": Failure(FailureKind.TIMEOUT, "the site did not reply in time"),
}


class CensusSource:
    """A source whose lookups share one browser. `timeout_seconds` is the budget of one, from the page's opening on."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        browser: Browser,
        solver: CaptchaSolver,
        dialects: Sequence[Dialect] = DIALECTS,
        timeout_seconds: float = 90.0,
    ) -> None:
        self.name = name
        self._url = url
        self._browser = browser
        self._solver = solver
        self._dialects = dialects
        self._timeout_seconds = timeout_seconds

    async def lookup(self, cedula: str, hooks: LookupHooks) -> Outcome:
        """Ask about one bare cédula. Never raises for what a site or a network can do; only cancellation passes."""
        began = time.monotonic()
        logger.info("source.lookup_started source=%s cedula=%s", self.name, mask(cedula))
        try:
            async with self._browser.page() as page, departing(page, self._url) as departure:
                await hooks.before_open()
                outcome = await self._ask_in_time(page, departure, cedula, hooks)
        except PageError as error:
            outcome = _failure(error, error.evidence)
        logger.info(
            "source.lookup_ended source=%s cedula=%s status=%s seconds=%.1f reason=%s",
            self.name,
            mask(cedula),
            outcome.status,
            time.monotonic() - began,
            outcome.reason if isinstance(outcome, Failure) else "",
        )
        return outcome

    async def knock(self) -> str:
        """Open the page without asking about anybody; return what was met there. Raises `UnreachableError`."""
        try:
            async with (
                self._browser.page() as page,
                asyncio.timeout(self._timeout_seconds),
                departing(page, self._url) as departure,
            ):
                began = time.monotonic()
                await departure.leave()
                met = await self._arrive(page, departure)
                seconds = time.monotonic() - began
        except PageError as error:
            raise UnreachableError(error.reason) from None
        except TimeoutError:
            raise UnreachableError(_TOO_LATE["page"].reason) from None
        if isinstance(met, Failure):
            raise UnreachableError(met.reason)
        dialect, form = met
        if form.sitekey and isinstance(self._solver, NoSolver):
            raise UnreachableError("the page asks for a captcha and no captcha solver is configured")
        return f"{self.name}: a form of the {dialect.name} kind at {self._url}, {_captcha(form)}, in {seconds:.1f} s"

    async def close(self) -> None:
        """Let go of the browser. Safe to call twice."""
        await self._browser.close()

    async def _ask_in_time(self, page: Page, departure: Departure, cedula: str, hooks: LookupHooks) -> Outcome:
        visit = _Visit(page, cedula, hooks, self._solver)
        deadline = asyncio.timeout(self._timeout_seconds)
        try:
            async with deadline:
                with plain_errors():
                    await departure.leave()
                    await hooks.opened()
                    met = await self._arrive(page, departure)
                    outcome = met if isinstance(met, Failure) else await visit.ask(*met)
        except CaptchaError as error:
            outcome = Failure(FailureKind.CAPTCHA_FAILED, error.reason)
        except PageError as error:
            outcome = _failure(error, error.evidence or await _looks(page, error))
        except TimeoutError:
            if not deadline.expired():
                raise  # a hook's own, none of ours
            outcome = _TOO_LATE[visit.stage]
        await visit.complain_about(outcome)
        return replace(outcome, is_unreached=True) if _is_out_of_reach(outcome, visit.stage) else outcome

    async def _arrive(self, page: Page, departure: Departure) -> tuple[Dialect, Form] | Failure:
        """Load the page. Its body decides what it is: the complete form has been seen with HTTP 500 as well."""
        response = await departure.arrive()
        http_status = response.status if response else 0
        met = await self._recognised(page)
        if met is None:
            strange = read_strange_page(await content_of(page), http_status)
            if strange.kind is not FailureKind.PARSE_ERROR or not await self._grows_a_form(page):
                return strange
            met = await self._recognised(page)
        if met is None or met[1].flaw:
            failure = read_strange_page(await content_of(page), http_status)
            return Failure(FailureKind.PARSE_ERROR, met[1].flaw, failure.evidence) if met else failure
        return met

    async def _recognised(self, page: Page) -> tuple[Dialect, Form] | None:
        for dialect in self._dialects:
            form = await dialect.recognise(page)
            if form:
                return dialect, form
        return None

    async def _grows_a_form(self, page: Page) -> bool:
        """Wait for the form of a page whose script draws it. A page without a script will never have one."""
        anywhere = " || ".join(f"({dialect.find})()" for dialect in self._dialects)
        has_script = bool(await page.evaluate("document.scripts.length > 0"))
        return has_script and await comes_true(page, f"() => Boolean({anywhere})", seconds=_FORM_SECONDS)


class _Visit:
    """One lookup at an open page: how far it has come, and the captcha token that was bought for it."""

    def __init__(self, page: Page, cedula: str, hooks: LookupHooks, solver: CaptchaSolver) -> None:
        self.stage = "page"
        self._page = page
        self._cedula = cedula
        self._hooks = hooks
        self._solver = solver
        self._solved: Solved | None = None

    async def ask(self, dialect: Dialect, form: Form) -> Outcome:
        """Buy a token if the page wants one, send the form and read the reply."""
        token = await self._token(form.sitekey) if form.sitekey else ""
        if token:
            await self._hooks.captcha_dropped()
        self.stage = "reply"
        reply = await dialect.ask(self._page, self._cedula, token)
        outcome = dialect.read(reply, self._cedula)
        return kept(outcome, dialect, reply) if isinstance(outcome, Failure) else outcome

    async def complain_about(self, outcome: Outcome) -> None:
        """Report a token that the site refused: nobody should have to pay for it."""
        if self._solved and isinstance(outcome, Failure) and outcome.kind is FailureKind.CAPTCHA_FAILED:
            await self._complain(self._solved.task_id)

    async def _token(self, sitekey: str) -> str:
        self.stage = "captcha"
        self._solved = await self._solved_before() or await self._bought(sitekey)
        await self._hooks.captcha_solved(self._solved.seconds, self._solved.cost)
        return self._solved.token

    async def _solved_before(self) -> Solved | None:
        """Return the solution of the captcha that an earlier attempt paid for, if it is still good."""
        if not self._hooks.captcha_task:
            return None
        try:
            return await self._solver.resume(self._hooks.captcha_task)
        except TooLateError:
            await self._complain(self._hooks.captcha_task)
        except CaptchaError as error:
            logger.info("captcha.not_resumed reason=%s", error)
        await self._hooks.captcha_dropped()
        return None

    async def _bought(self, sitekey: str) -> Solved:
        if not self._hooks.may_buy_captcha:
            raise CaptchaError("this lookup has bought all the captchas that it may")
        return await self._solver.solve(self._page.url, sitekey, on_started=self._hooks.captcha_started)

    async def _complain(self, task_id: str) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_REPORT_SECONDS):
                await self._solver.report(task_id, good=False)


def _is_out_of_reach(outcome: Outcome, stage: str) -> TypeGuard[Failure]:
    """Say whether the site had no page for us. A site that blocks us, or whose page is unknown, is there."""
    if not isinstance(outcome, Failure) or outcome.is_ours or stage != "page":
        return False
    return outcome.kind in {FailureKind.NETWORK_ERROR, FailureKind.TIMEOUT}


def _failure(error: PageError, evidence: str) -> Failure:
    return Failure(error.kind, error.reason, scrub(evidence), error.is_ours)


async def _looks(page: Page, error: PageError) -> str:
    """Return the page that could not be used, if that was its fault and it still says what it is."""
    if error.kind is not FailureKind.PARSE_ERROR:
        return ""
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            with plain_errors():
                return await content_of(page)
    except (PageError, TimeoutError):
        return ""


def _captcha(form: Form) -> str:
    """Say which captcha a form asks for, as far as its key tells."""
    if not form.sitekey:
        return "no captcha"
    return "captcha reCAPTCHA v2" if form.sitekey.startswith(_RECAPTCHA) else "captcha of an unknown kind"
