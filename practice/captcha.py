"""The practice captcha service: 2captcha's JSON protocol, and the keys that simulate its errors.

Error codes are those of 2captcha's public list. Errors come with HTTP 200, as the real ones do.
"""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from aiohttp import web

from practice.bounded_dict import BoundedDict
from practice.faults import never_reply
from practice.render import html_page
from practice.request_body import json_of
from practice.site import Site
from practice.tokens import page_of

type Body = dict[str, object]
type Method = Callable[[ApiKey, Body], Body]
type Handler = Callable[[web.Request], Awaitable[web.Response]]

TASK_TYPE = "RecaptchaV2TaskProxyless"

COST = "0.00299"
"""US dollars for a solved task."""

BALANCE = 8.93958
"""US dollars on every key but the one that has none."""

ERRORS = {
    "ERROR_KEY_DOES_NOT_EXIST": (1, "No account has this API key"),
    "ERROR_NO_SLOT_AVAILABLE": (2, "The queue is too long at the moment, try again later"),
    "ERROR_ZERO_BALANCE": (10, "There are no funds on the account"),
    "ERROR_CAPTCHA_UNSOLVABLE": (12, "Workers could not solve the Captcha"),
    "ERROR_NO_SUCH_CAPCHA_ID": (16, "No task has this id"),
    "ERROR_TASK_ABSENT": (22, "The request has no task"),
    "ERROR_TASK_NOT_SUPPORTED": (23, "This type of task is not supported"),
    "ERROR_RECAPTCHA_INVALID_SITEKEY": (31, "The sitekey is not one of reCAPTCHA"),
    "ERROR_BAD_PARAMETERS": (110, "Something is missing in the request or malformed"),
    # 2captcha documents these two for its older protocol only: the numbers are ours.
    "ERROR_DUPLICATE_REPORT": (110, "The task has been reported already"),
    "REPORT_NOT_RECORDED": (110, "The task has no solution to report on"),
}

_SITEKEY = re.compile(r"6L[\w-]{38}", re.ASCII)


class RefusalError(Exception):
    """The service refuses a call. `code` is a key of `ERRORS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key, and the errors that it simulates. `title` is for people."""

    key: str
    title: str = ""
    any_call_error: str = ""
    """The code with which every call is refused."""
    new_task_error: str = ""
    """The code with which a new task is refused."""
    result_error: str = ""
    """The code that a task ends with instead of a solution."""
    seconds: float | None = None
    """How long a solution takes, whatever the site's own setting."""


NO_REPLY_KEY, GARBAGE_KEY, BAD_GATEWAY_KEY, WRONG_TOKEN_KEY = "mudo", "basura", "http-502", "token-malo"

SPECIAL_KEYS = (
    ApiKey("clave-mala", "La clave no existe", any_call_error="ERROR_KEY_DOES_NOT_EXIST"),
    ApiKey("sin-saldo", "No queda saldo", new_task_error="ERROR_ZERO_BALANCE"),
    ApiKey("sin-cupo", "No hay quién lo resuelva ahora", new_task_error="ERROR_NO_SLOT_AVAILABLE"),
    ApiKey("imposible", "Nadie pudo resolverlo", result_error="ERROR_CAPTCHA_UNSOLVABLE"),
    ApiKey("lento", "La solución tarda 150 segundos", seconds=150.0),
    ApiKey(WRONG_TOKEN_KEY, "Entrega una solución que el sitio no acepta"),
    ApiKey(GARBAGE_KEY, "Responde basura"),
    ApiKey(BAD_GATEWAY_KEY, "Responde HTTP 502 con una página HTML"),
    ApiKey(NO_REPLY_KEY, "Nunca responde"),
)

_SPECIAL = {special.key: special for special in SPECIAL_KEYS}


@dataclass(slots=True)
class Task:
    """A captcha being solved. `ready_at` is on the site's clock; `created` and `solved` are in seconds since 1970."""

    id: int
    key: str
    page: str
    sitekey: str
    ready_at: float
    token: str = ""
    created: int = field(default_factory=lambda: int(time.time()))
    solved: int = 0
    is_reported: bool = False


def routes(site: Site) -> list[web.RouteDef]:
    service = CaptchaService(site)
    methods: dict[str, Method] = {
        "/createTask": service.create_task,
        "/getTaskResult": service.get_task_result,
        "/getBalance": service.get_balance,
        "/reportCorrect": partial(service.report, is_correct=True),
        "/reportIncorrect": partial(service.report, is_correct=False),
    }
    return [*(web.post(path, _handler(site, method)) for path, method in methods.items()), web.post("/test", _echo)]


class CaptchaService:
    """The methods of the protocol: each takes the body of a call and returns the reply's, or raises `RefusalError`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tasks: BoundedDict[int, Task] = BoundedDict()
        self._ids = count(79_000_000_001)

    def create_task(self, api_key: ApiKey, body: Body) -> Body:
        page, sitekey = _task_fields(body)
        if api_key.new_task_error:
            raise RefusalError(api_key.new_task_error)
        seconds = self._site.captcha_seconds if api_key.seconds is None else api_key.seconds
        task = Task(next(self._ids), api_key.key, page, sitekey, self._site.clock() + seconds)
        self._tasks[task.id] = task
        self._site.journal.write("captcha_task", detail=str(task.id))
        return {"errorId": 0, "taskId": task.id}

    def get_task_result(self, api_key: ApiKey, body: Body) -> Body:
        task = self._find(api_key, body)
        if self._site.clock() < task.ready_at:
            self._site.journal.write("captcha_result", detail="processing")
            return {"errorId": 0, "status": "processing"}
        self._site.journal.write("captcha_result", detail=api_key.result_error or "ready")
        if api_key.result_error:
            raise RefusalError(api_key.result_error)
        if not task.token:
            self._solve(task)
        return _solution(task)

    def get_balance(self, api_key: ApiKey, _: Body) -> Body:
        is_empty = api_key.new_task_error == "ERROR_ZERO_BALANCE"
        return {"errorId": 0, "balance": 0.0 if is_empty else BALANCE}

    def report(self, api_key: ApiKey, body: Body, *, is_correct: bool) -> Body:
        task = self._find(api_key, body)
        if not task.token:
            raise RefusalError("REPORT_NOT_RECORDED")
        if task.is_reported:
            raise RefusalError("ERROR_DUPLICATE_REPORT")
        task.is_reported = True
        self._site.journal.write("captcha_report", detail="correct" if is_correct else "incorrect")
        return {"errorId": 0, "status": "success"}

    def _find(self, api_key: ApiKey, body: Body) -> Task:
        task_id = _text(body.get("taskId"))
        number = int(task_id) if re.fullmatch(r"[0-9]{1,18}", task_id) else 0
        task = self._tasks.get(number)
        if task is None or task.key != api_key.key:
            raise RefusalError("ERROR_NO_SUCH_CAPCHA_ID")
        return task

    def _solve(self, task: Task) -> None:
        """Make the token. Its age counts from when it was ready, not from when somebody asked for it."""
        page = "" if task.key == WRONG_TOKEN_KEY else task.page
        task.token = self._site.tokens.issue(page, task.sitekey, solved_at=task.ready_at)
        task.solved = int(time.time() - (self._site.clock() - task.ready_at))


def _task_fields(body: Body) -> tuple[str, str]:
    """Return the page and the sitekey of a new task."""
    task = body.get("task")
    if not isinstance(task, dict) or not task:
        raise RefusalError("ERROR_TASK_ABSENT")
    if task.get("type") != TASK_TYPE:
        raise RefusalError("ERROR_TASK_NOT_SUPPORTED")
    page, sitekey = page_of(_text(task.get("websiteURL"))), _text(task.get("websiteKey"))
    if not page:
        raise RefusalError("ERROR_BAD_PARAMETERS")
    if not _SITEKEY.fullmatch(sitekey):
        raise RefusalError("ERROR_RECAPTCHA_INVALID_SITEKEY")
    return page, sitekey


def _solution(task: Task) -> Body:
    return {
        "errorId": 0,
        "status": "ready",
        "solution": {"gRecaptchaResponse": task.token, "token": task.token},
        "cost": COST,
        "ip": "127.0.0.1",
        "createTime": task.created,
        "endTime": task.solved,
        "solveCount": 1,
    }


def _text(value: object) -> str:
    """Return a text or a number as text; nothing for values of other types."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _handler(site: Site, method: Method) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        body = await json_of(request)
        key = _text(body.get("clientKey"))
        broken = await _broken_reply(site, request, key)
        return broken if broken is not None else web.json_response(_reply(method, key, body))

    return answer


def _reply(method: Method, key: str, body: Body) -> Body:
    try:
        return method(_checked_key(key), body)
    except RefusalError as refusal:
        number, description = ERRORS[refusal.code]
        return {"errorId": number, "errorCode": refusal.code, "errorDescription": description}


def _checked_key(key: str) -> ApiKey:
    api_key = _SPECIAL.get(key, ApiKey(key))
    if not key or api_key.any_call_error:
        raise RefusalError(api_key.any_call_error or "ERROR_KEY_DOES_NOT_EXIST")
    return api_key


async def _broken_reply(site: Site, request: web.Request, key: str) -> web.Response | None:
    """Return what a broken service replies for this key, or nothing if it works."""
    if key == NO_REPLY_KEY:
        return await never_reply(site, request)
    if key == GARBAGE_KEY:
        return web.Response(body=b"\x00\x1f<<<\xff\xfe no es una respuesta {[", content_type="text/plain")
    if key == BAD_GATEWAY_KEY:
        return html_page("gateway.html", status=502, title="502 Bad Gateway")
    return None


async def _echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read(), content_type="application/json")
