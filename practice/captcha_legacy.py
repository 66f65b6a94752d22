"""The captcha service's older protocol: `/in.php` and `/res.php`, in plain text or, with `json=1`, wrapped in JSON."""

from collections.abc import Callable, Mapping

from aiohttp import web

from practice.captcha import Desk, RefusalError
from practice.captcha_doors import broken_service
from practice.render import form_of
from practice.site import Site

type Fields = Mapping[str, str]

OWN_CODES = {
    "ERROR_RECAPTCHA_INVALID_SITEKEY": "ERROR_WRONG_GOOGLEKEY",
    "ERROR_NO_SUCH_CAPCHA_ID": "ERROR_WRONG_CAPTCHA_ID",
}
"""What this protocol calls differently from the JSON one."""


def routes(site: Site, desk: Desk) -> list[web.RouteDef]:
    """Return the two addresses. Parameters may come in the query as well as in the body."""

    async def submit(request: web.Request) -> web.Response:
        return await _answer(site, request, lambda fields: _submit(desk, fields))

    async def ask(request: web.Request) -> web.Response:
        return await _answer(site, request, lambda fields: _ask(desk, fields))

    return [
        web.get("/in.php", submit),
        web.post("/in.php", submit),
        web.get("/res.php", ask),
        web.post("/res.php", ask),
    ]


async def _answer(site: Site, request: web.Request, work: Callable[[Fields], str]) -> web.Response:
    fields = {**request.query, **await form_of(request)}
    broken = await broken_service(site, request, fields.get("key", ""))
    if broken is not None:
        return broken
    try:
        return _reply(fields, status=1, text=work(fields))
    except RefusalError as refusal:
        return _reply(fields, status=0, text=OWN_CODES.get(refusal.code, refusal.code))


def _reply(fields: Fields, *, status: int, text: str) -> web.Response:
    """Wrap the words in JSON if asked to. There, an error and "not ready" have the same status, 0."""
    if fields.get("json") == "1":
        return web.json_response({"status": status, "request": text.removeprefix("OK|")})
    return web.Response(text=text)


def _submit(desk: Desk, fields: Fields) -> str:
    key = fields.get("key", "")
    desk.balance(key)  # a wrong key is refused before anything else is looked at
    if fields.get("method") != "userrecaptcha":
        raise RefusalError("ERROR_BAD_PARAMETERS")
    if not fields.get("googlekey"):
        raise RefusalError("ERROR_GOOGLEKEY")
    if not fields.get("pageurl"):
        raise RefusalError("ERROR_PAGEURL")
    return f"OK|{desk.create(key, fields['pageurl'], fields['googlekey']).id}"


def _ask(desk: Desk, fields: Fields) -> str:
    key = fields.get("key", "")
    match fields.get("action"):
        case "getbalance":
            return f"{desk.balance(key):g}"
        case "get":
            return _solution(desk, key, _task_id(fields))
        case "reportgood" | "reportbad" as action:
            desk.report(key, _task_id(fields), correct=action == "reportgood")
            return "OK_REPORT_RECORDED"
        case _:
            raise RefusalError("ERROR_EMPTY_ACTION")


def _solution(desk: Desk, key: str, task_id: str) -> str:
    task = desk.result(key, task_id)
    if task is None:
        raise RefusalError("CAPCHA_NOT_READY")
    return f"OK|{task.token}"


def _task_id(fields: Fields) -> str:
    task_id = fields.get("id", "")
    if not (task_id.isascii() and task_id.isdigit()):
        raise RefusalError("ERROR_WRONG_ID_FORMAT")
    return task_id
