"""A census site asked through a browser: one page load, one captcha if the page has one, one form, one reply."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeGuard

from playwright.async_api import Page

from vereda.census.sources.asking.browser import Browser
from vereda.census.sources.asking.captcha import CaptchaError, CaptchaSolver, NoSolver, Solved, TooLateError
from vereda.census.sources.asking.dialects import DIALECTS, Dialect, Form
from vereda.census.sources.asking.errors import PageError, own_errors
from vereda.census.sources.asking.logged import logged
from vereda.census.sources.asking.open_page import becomes_true, html_of
from vereda.census.sources.port import Failure, FailureKind, LookupHooks, Outcome, UnreachableError
from vereda.census.sources.reading.evidence import scrub
from vereda.census.sources.reading.parsing import read_unknown_page
from vereda.census.sources.reading.replaying import with_reply

logger = logging.getLogger("vereda.census.sources")

_REPORT_SECONDS = 5
_HTML_SECONDS = 2
_RECAPTCHA = "6L"
_FORM_SECONDS = 10
"""How long a page's script may take to draw its form."""

_TOO_LATE = {
    "page": Failure(FailureKind.TIMEOUT, "the page did not load in time"),
    "captcha": Failure(FailureKind.CAPTCHA_FAILED, "the captcha was not solved in time"),
    "reply": Failure(FailureKind.TIMEOUT, "the site did not reply in time"),
}


class CensusSource:
    """A source whose lookups share one browser. `timeout_seconds` is the budget of one, from `begin` on."""

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

    async def lookup(self, hooks: LookupHooks) -> Outcome:
        """Never raises for what a site or a network can do; only cancellation and what hooks raise pass."""
        try:
            async with self._browser.page() as page:
                cedula = await hooks.begin()
                return await logged(self.name, cedula, self._ask_in_time(page, cedula, hooks))
        except PageError as error:
            return _failure(error, error.evidence)

    async def check(self) -> str:
        """Open the page without asking about anybody; return what was found there. Raises `UnreachableError`."""
        try:
            async with self._browser.page() as page, asyncio.timeout(self._timeout_seconds):
                began = time.monotonic()
                loaded = await self._load(page)
                seconds = time.monotonic() - began
        except PageError as error:
            raise UnreachableError(error.reason) from None
        except TimeoutError:
            raise UnreachableError(_TOO_LATE["page"].reason) from None
        if isinstance(loaded, Failure):
            raise UnreachableError(loaded.reason)
        dialect, form = loaded
        if form.sitekey and isinstance(self._solver, NoSolver):
            raise UnreachableError("the page asks for a captcha and no captcha solver is configured")
        return f"{self.name}: a form of the {dialect.name} kind at {self._url}, {_captcha(form)}, in {seconds:.1f} s"

    async def close(self) -> None:
        """Safe to call twice."""
        await self._browser.close()

    async def _ask_in_time(self, page: Page, cedula: str, hooks: LookupHooks) -> Outcome:
        lookup = _Lookup(page, cedula, hooks, self._solver)
        deadline = asyncio.timeout(self._timeout_seconds)
        try:
            async with deadline:
                with own_errors():
                    page.once("request", lambda _: hooks.opened())
                    loaded = await self._load(page)
                    outcome = loaded if isinstance(loaded, Failure) else await lookup.ask(*loaded)
        except CaptchaError as error:
            outcome = Failure(FailureKind.CAPTCHA_FAILED, error.reason, fault=error.fault)
        except PageError as error:
            outcome = _failure(error, error.evidence or await _html_after(error, page))
        except TimeoutError:
            if not deadline.expired():
                raise  # from a hook, not from this deadline
            outcome = _TOO_LATE[lookup.stage]
        await lookup.report_refused(outcome)
        return replace(outcome, is_unreachable=True) if _is_unreachable(outcome, lookup.stage) else outcome

    async def _load(self, page: Page) -> tuple[Dialect, Form] | Failure:
        """Load the page. Its body decides what it is: the complete form has also come with HTTP 500."""
        response = await page.goto(self._url, wait_until="domcontentloaded")
        http_status = response.status if response else 0
        found = await self._recognise(page)
        if found is None:
            unknown = read_unknown_page(await html_of(page), http_status)
            if unknown.kind is not FailureKind.PARSE_ERROR or not await self._draws_a_form(page):
                return unknown
            found = await self._recognise(page)
        if found is None or found[1].flaw:
            failure = read_unknown_page(await html_of(page), http_status)
            return Failure(FailureKind.PARSE_ERROR, found[1].flaw, failure.evidence) if found else failure
        return found

    async def _recognise(self, page: Page) -> tuple[Dialect, Form] | None:
        for dialect in self._dialects:
            form = await dialect.recognise(page)
            if form:
                return dialect, form
        return None

    async def _draws_a_form(self, page: Page) -> bool:
        """Wait for a script to draw the form; a page without a script is not waited for."""
        anywhere = " || ".join(f"({dialect.find})()" for dialect in self._dialects)
        has_script = bool(await page.evaluate("document.scripts.length > 0"))
        return has_script and await becomes_true(page, f"() => Boolean({anywhere})", seconds=_FORM_SECONDS)


class _Lookup:
    """One lookup at an open page: its stage, and the captcha token that was bought for it."""

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
        return with_reply(outcome, dialect, reply) if isinstance(outcome, Failure) else outcome

    async def report_refused(self, outcome: Outcome) -> None:
        """Report a token that the site refused, so that it need not be paid for."""
        if self._solved and isinstance(outcome, Failure) and outcome.kind is FailureKind.CAPTCHA_FAILED:
            await self._report_bad(self._solved.task_id)

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
        except TooLateError as error:
            await self._hooks.captcha_solved(error.solved.seconds, error.solved.cost)
            await self._report_bad(self._hooks.captcha_task)
        except CaptchaError as error:
            logger.info("captcha.not_resumed reason=%s", error)
        await self._hooks.captcha_dropped()
        return None

    async def _bought(self, sitekey: str) -> Solved:
        if not self._hooks.may_buy_captcha:
            raise CaptchaError("this lookup has bought all the captchas that it may")
        return await self._solver.solve(self._page.url, sitekey, on_started=self._hooks.captcha_started)

    async def _report_bad(self, task_id: str) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_REPORT_SECONDS):
                await self._solver.report(task_id, good=False)


def _is_unreachable(outcome: Outcome, stage: str) -> TypeGuard[Failure]:
    """Whether the site gave no page at all. A site that blocks us, or whose page is unknown, was reached."""
    if not isinstance(outcome, Failure) or outcome.fault or stage != "page":
        return False
    return outcome.kind in {FailureKind.NETWORK_ERROR, FailureKind.TIMEOUT}


def _failure(error: PageError, evidence: str) -> Failure:
    return Failure(error.kind, error.reason, scrub(evidence), error.fault)


async def _html_after(error: PageError, page: Page) -> str:
    """Return the HTML of a page that could not be used; empty when that says nothing about the failure."""
    if error.kind is not FailureKind.PARSE_ERROR:
        return ""
    try:
        async with asyncio.timeout(_HTML_SECONDS):
            with own_errors():
                return await html_of(page)
    except (PageError, TimeoutError):
        return ""


def _captcha(form: Form) -> str:
    if not form.sitekey:
        return "no captcha"
    return "captcha reCAPTCHA v2" if form.sitekey.startswith(_RECAPTCHA) else "captcha of an unknown kind"
