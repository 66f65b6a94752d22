"""The captcha service's JSON protocol (`/createTask` and the rest). Errors come with HTTP 200, as the real ones do."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from practice.captcha import COST, Desk, RefusalError, Task
from practice.captcha_doors import broken_service
from practice.site import Site

type Body = dict[str, object]
type Method = Callable[[Desk, str, Body], Body]

TASK_TYPE = "RecaptchaV2TaskProxyless"

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
    # 2captcha documents these two for its older protocol only; the number that goes with them here is ours.
    "ERROR_DUPLICATE_REPORT": (110, "The task has been reported already"),
    "REPORT_NOT_RECORDED": (110, "The task has no solution to report on"),
}


def routes(site: Site, desk: Desk) -> list[web.RouteDef]:
    """Return the addresses of the protocol."""
    methods: dict[str, Method] = {
        "/createTask": _create_task,
        "/getTaskResult": _get_task_result,
        "/getBalance": lambda desk, key, _: {"errorId": 0, "balance": desk.balance(key)},
        "/reportCorrect": lambda desk, key, body: _report(desk, key, body, correct=True),
        "/reportIncorrect": lambda desk, key, body: _report(desk, key, body, correct=False),
    }
    doors = [web.post(path, _door(site, desk, method)) for path, method in methods.items()]
    return [*doors, web.post("/test", _echo)]


def _door(site: Site, desk: Desk, method: Method) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        body = await _body_of(request)
        key = _text(body.get("clientKey"))
        broken = await broken_service(site, request, key)
        return broken if broken is not None else web.json_response(_reply(desk, method, key, body))

    return answer


def _reply(desk: Desk, method: Method, key: str, body: Body) -> Body:
    try:
        return method(desk, key, body)
    except RefusalError as refusal:
        number, description = ERRORS[refusal.code]
        return {"errorId": number, "errorCode": refusal.code, "errorDescription": description}


def _create_task(desk: Desk, key: str, body: Body) -> Body:
    desk.balance(key)  # a wrong key is refused before anything else is looked at
    task = body.get("task")
    if not isinstance(task, dict) or not task:
        raise RefusalError("ERROR_TASK_ABSENT")
    if task.get("type") != TASK_TYPE:
        raise RefusalError("ERROR_TASK_NOT_SUPPORTED")
    created = desk.create(key, _text(task.get("websiteURL")), _text(task.get("websiteKey")))
    return {"errorId": 0, "taskId": created.id}


def _get_task_result(desk: Desk, key: str, body: Body) -> Body:
    task = desk.result(key, _text(body.get("taskId")))
    return {"errorId": 0, "status": "processing"} if task is None else _ready(task)


def _ready(task: Task) -> Body:
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


def _report(desk: Desk, key: str, body: Body, *, correct: bool) -> Body:
    desk.report(key, _text(body.get("taskId")), correct=correct)
    return {"errorId": 0, "status": "success"}


async def _echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read(), content_type="application/json")


async def _body_of(request: web.Request) -> Body:
    """Return the JSON object that was posted, or an empty one for whatever else was."""
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: object) -> str:
    """Return a text or a number as text; nothing for what has no business there."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
