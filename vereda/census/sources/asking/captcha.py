"""Captcha solvers: services that give a token for a page's captcha. Used only where the operator has set a key."""

import asyncio
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Protocol

import aiohttp

from vereda.census.sources.port import Fault

logger = logging.getLogger("vereda.census.sources")

TWOCAPTCHA_URL = "https://api.2captcha.com"

type OnStarted = Callable[[str], Awaitable[None]]
type Reply = dict[str, object]

_TASK_TYPE = "RecaptchaV2TaskProxyless"
_NO_SLOT = "ERROR_NO_SLOT_AVAILABLE"
_SLOT_ATTEMPTS = 3
_LONGEST_REPLY = 64 * 1024
_VALID_SECONDS = 100
"""The greatest age of a solution that is sent: a token is valid for 120 seconds, and sending takes some."""
_LATEST_TIME = 10**11
_FAULTS = {
    "ERROR_ZERO_BALANCE": Fault.NO_BALANCE,
    "ERROR_KEY_DOES_NOT_EXIST": Fault.WRONG_KEY,
    "ERROR_WRONG_USER_KEY": Fault.WRONG_KEY,
    "ERROR_ACCOUNT_SUSPENDED": Fault.WRONG_KEY,
    "ERROR_IP_NOT_ALLOWED": Fault.WRONG_KEY,
}
"""The service's refusals (https://2captcha.com/api-docs/error-codes) that only its customer can mend."""
_TASK_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_TOKEN = re.compile(r"[!-~]{1,20000}")


class CaptchaError(Exception):
    """No token could be had. The message is one English sentence with the service's code; never the key."""

    def __init__(self, reason: str, code: str = "", *, fault: Fault | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.fault = fault or _FAULTS.get(code)


class TooLateError(CaptchaError):
    """The captcha was solved so long ago that its token is not valid any more. It was paid for all the same."""

    def __init__(self, solved: "Solved") -> None:
        super().__init__("the captcha was solved too long ago")
        self.solved = solved


class _RetryableError(Exception):
    """The service gave no usable reply: asking again may help."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A token, how many seconds it took, and what it cost in US dollars."""

    token: str
    seconds: float
    cost: Decimal
    task_id: str


class CaptchaSolver(Protocol):
    """A service that solves captchas."""

    async def solve(self, page_url: str, sitekey: str, *, on_started: OnStarted) -> Solved:
        """Return a token for the captcha of this page. `on_started` gets the task's id. Raises `CaptchaError`."""
        ...

    async def resume(self, task_id: str) -> Solved:
        """Return the token of a task that was accepted before. Raises `CaptchaError`; `TooLateError` for an old one."""
        ...

    async def report(self, task_id: str, *, good: bool) -> None:
        """Tell the service whether the site accepted the token. Never raises, even if that fails."""
        ...

    async def balance(self) -> Decimal:
        """Return what is left to spend, in US dollars. Raises `CaptchaError`."""
        ...


class NoSolver:
    """No solver: a page with a captcha cannot be used."""

    async def solve(self, page_url: str, sitekey: str, *, on_started: OnStarted) -> Solved:
        raise CaptchaError("the page asks for a captcha and no captcha solver is configured", fault=Fault.NO_SOLVER)

    async def resume(self, task_id: str) -> Solved:
        raise CaptchaError("no captcha solver is configured")

    async def report(self, task_id: str, *, good: bool) -> None:
        """Do nothing."""

    async def balance(self) -> Decimal:
        raise CaptchaError("no captcha solver is configured")


class TwoCaptcha:
    """2captcha, or a service that speaks its JSON protocol (https://2captcha.com/api-docs), over HTTP.

    `poll_seconds` is the wait before each question for the solution, the first included; the service asks for 5 or
    more. After `give_up_seconds` it stops waiting: a token is valid for 120 seconds only. A request has `read_seconds`.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str = TWOCAPTCHA_URL,
        *,
        poll_seconds: float = 5.0,
        give_up_seconds: float = 180.0,
        read_seconds: float = 15.0,
    ) -> None:
        self._key = api_key
        self._base_url = base_url.rstrip("/")
        self._poll_seconds = poll_seconds
        self._give_up_seconds = give_up_seconds
        self._timeout = aiohttp.ClientTimeout(
            total=read_seconds * 2, connect=read_seconds, sock_connect=read_seconds, sock_read=read_seconds
        )

    async def solve(self, page_url: str, sitekey: str, *, on_started: OnStarted) -> Solved:
        started = asyncio.get_running_loop().time()
        async with self._session() as session:
            task_id = await self._create_task(session, page_url, sitekey)
            logger.info("captcha.started task=%s", task_id)
            await on_started(str(task_id))
            ready = await self._wait_for(session, task_id)
        return _solution(ready, task_id, started)

    async def resume(self, task_id: str) -> Solved:
        """As the protocol says. A solution without its time counts as too late."""
        started = asyncio.get_running_loop().time()
        async with self._session() as session:
            ready = await self._wait_for(session, _sent_id(task_id), first_seconds=0)
        solved = _solution(ready, task_id, started)
        if not _is_still_valid(ready, time.time()):
            raise TooLateError(solved)
        return solved

    async def report(self, task_id: str, *, good: bool) -> None:
        try:
            async with self._session() as session:
                await self._call(session, "reportCorrect" if good else "reportIncorrect", taskId=_sent_id(task_id))
        except (CaptchaError, _RetryableError) as error:
            logger.info("captcha.report_lost task=%s reason=%s", task_id, error)

    async def balance(self) -> Decimal:
        try:
            async with self._session() as session:
                reply = await self._call(session, "getBalance")
        except _RetryableError as error:
            raise CaptchaError(f"the captcha service {error}") from None
        balance = _decimal(reply.get("balance"))
        if balance is None:
            raise CaptchaError("the captcha service did not say the balance")
        return balance

    async def _create_task(self, session: aiohttp.ClientSession, page_url: str, sitekey: str) -> int | str:
        task = {"type": _TASK_TYPE, "websiteURL": page_url, "websiteKey": sitekey}
        for attempts_left in reversed(range(_SLOT_ATTEMPTS)):
            try:
                reply = await self._call(session, "createTask", task=task)
            except _RetryableError as error:
                raise CaptchaError(f"the captcha service {error}") from None
            except CaptchaError as error:
                if error.code != _NO_SLOT or not attempts_left:
                    raise
                await asyncio.sleep(self._poll_seconds)
            else:
                return _task_id_of(reply)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _wait_for(
        self, session: aiohttp.ClientSession, task_id: int | str, *, first_seconds: float | None = None
    ) -> Reply:
        """Poll until the solution is there; single requests may fail."""
        trouble = "did not solve it"
        seconds = self._poll_seconds if first_seconds is None else first_seconds
        try:
            async with asyncio.timeout(self._give_up_seconds):
                while True:
                    await asyncio.sleep(seconds)
                    seconds = self._poll_seconds
                    try:
                        reply = await self._call(session, "getTaskResult", taskId=task_id)
                    except _RetryableError as error:
                        trouble = str(error)
                        continue
                    if reply.get("status") == "ready":
                        return reply
        except TimeoutError:
            reason = f"no captcha solution within {self._give_up_seconds:g} s: the service {trouble}"
            raise CaptchaError(reason) from None

    async def _call(self, session: aiohttp.ClientSession, method: str, **arguments: object) -> Reply:
        """Return the reply to one request. Raises `CaptchaError` for a refusal, which is final."""
        try:
            async with session.post(
                f"{self._base_url}/{method}", json={"clientKey": self._key, **arguments}, allow_redirects=False
            ) as response:
                body = await _read(response.content)
                status = response.status
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Not the exception's own text: it may repeat the request. TimeoutError is an OSError.
            raise _RetryableError(f"could not be reached ({type(error).__name__})") from None
        reply = _json_object(body)
        if status != 200 or reply is None:
            raise _RetryableError(f"answered HTTP {status} without a usable reply")
        if reply.get("errorId") != 0:
            code = _code_of(reply)
            raise CaptchaError(f"the captcha service refused: {code}", code)
        return reply

    def _session(self) -> aiohttp.ClientSession:
        """One session for each captcha: nothing stays open in between, and no cookies are kept."""
        return aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())


async def _read(content: aiohttp.StreamReader) -> bytes:
    """Return the body, up to a length that no real reply has."""
    body = b""
    while len(body) < _LONGEST_REPLY and (chunk := await content.read(_LONGEST_REPLY)):
        body += chunk
    return body[:_LONGEST_REPLY]


def _json_object(body: bytes) -> Reply | None:
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return reply if isinstance(reply, dict) else None


def _code_of(reply: Reply) -> str:
    code = str(reply.get("errorCode") or "")
    return code if re.fullmatch(r"[A-Z_]{1,60}", code) else "an error without a known code"


def _task_id_of(reply: Reply) -> int | str:
    task_id = reply.get("taskId")
    if isinstance(task_id, int | str) and not isinstance(task_id, bool) and _TASK_ID.fullmatch(str(task_id)):
        return task_id
    raise CaptchaError("the captcha service took the task without giving its number")


def _sent_id(task_id: str) -> int | str:
    """2captcha sends numbers and expects numbers; similar services use texts."""
    return int(task_id) if re.fullmatch(r"[0-9]{1,18}", task_id) else task_id


def _solution(ready: Reply, task_id: int | str, started: float) -> Solved:
    """Return a reply's solution; `started` is when the waiting began, by the loop's clock."""
    seconds = asyncio.get_running_loop().time() - started
    logger.info("captcha.solved task=%s seconds=%.1f", task_id, seconds)
    return Solved(_token_of(ready), seconds, _cost_of(ready), str(task_id))


def _is_still_valid(ready: Reply, now: float) -> bool:
    """Whether a solution is young enough; its `endTime` is in seconds since the epoch."""
    ended = _decimal(ready.get("endTime"), below=_LATEST_TIME)
    return ended is not None and now - float(ended) <= _VALID_SECONDS


def _token_of(ready: Reply) -> str:
    solution = ready.get("solution")
    found = solution if isinstance(solution, dict) else {}
    token = found.get("gRecaptchaResponse") or found.get("token")
    if isinstance(token, str) and _TOKEN.fullmatch(token):
        return token
    raise CaptchaError("the captcha service said ready without a token")


def _cost_of(ready: Reply) -> Decimal:
    return _decimal(ready.get("cost")) or Decimal(0)


def _decimal(value: object, *, below: int = 1_000_000) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount < below else None
