"""The practice captcha service behind its protocol: tasks, their solutions, and the keys that play errors.

`captcha_json.py` is the door. Codes as in 2captcha's public list of errors.
"""

import re
import time
from dataclasses import dataclass, field
from itertools import count

from practice.memory import Recent
from practice.site import Site
from practice.tokens import page_of

COST = "0.00299"
"""US dollars for a solved task."""

BALANCE = 8.93958
"""US dollars on every key but the one that has none."""

_SITEKEY = re.compile(r"6L[\w-]{38}", re.ASCII)


class RefusalError(Exception):
    """The service will not do it. `code` is one of 2captcha's, as its JSON protocol spells it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class SpecialKey:
    """A key that plays an error. `title` is for people."""

    key: str
    title: str
    any_call: str = ""
    """The code with which every call is refused."""
    new_task: str = ""
    """The code with which a new task is refused."""
    outcome: str = ""
    """The code that a task ends with instead of a solution."""
    seconds: float | None = None
    """How long a solution takes, whatever the site's own setting."""


NO_ANSWER_KEY, GARBAGE_KEY, BAD_GATEWAY_KEY, WRONG_TOKEN_KEY = "mudo", "basura", "http-502", "token-malo"

SPECIAL_KEYS = (
    SpecialKey("clave-mala", "La clave no existe", any_call="ERROR_KEY_DOES_NOT_EXIST"),
    SpecialKey("sin-saldo", "No queda saldo", new_task="ERROR_ZERO_BALANCE"),
    SpecialKey("sin-cupo", "No hay quién lo resuelva ahora", new_task="ERROR_NO_SLOT_AVAILABLE"),
    SpecialKey("imposible", "Nadie pudo resolverlo", outcome="ERROR_CAPTCHA_UNSOLVABLE"),
    SpecialKey("lento", "La solución tarda 150 segundos", seconds=150.0),
    SpecialKey(WRONG_TOKEN_KEY, "Entrega una solución que el sitio no acepta"),
    SpecialKey(GARBAGE_KEY, "Responde basura"),
    SpecialKey(BAD_GATEWAY_KEY, "Responde HTTP 502 con una página HTML"),
    SpecialKey(NO_ANSWER_KEY, "Nunca responde"),
)

_SPECIAL = {special.key: special for special in SPECIAL_KEYS}
_ORDINARY = SpecialKey("", "")


@dataclass(slots=True)
class Task:
    """A captcha being solved. `ready_at` is on the site's clock; `created` in seconds since 1970."""

    id: int
    key: str
    page: str
    sitekey: str
    ready_at: float
    token: str = ""
    created: int = field(default_factory=lambda: int(time.time()))
    solved: int = 0
    reported: bool = False


class Desk:
    """Takes tasks and hands out solutions. Raises `RefusalError`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tasks: Recent[int, Task] = Recent()
        self._ids = count(79_000_000_001)

    def create(self, key: str, address: str, sitekey: str) -> Task:
        """Take a task for the page at this address. Any key will do but the special ones."""
        special = _key(key)
        page = _checked(page_of(address), sitekey)
        if special.new_task:
            raise RefusalError(special.new_task)
        seconds = self._site.captcha_seconds if special.seconds is None else special.seconds
        task = Task(next(self._ids), key, page, sitekey, self._site.clock() + seconds)
        self._tasks[task.id] = task
        self._site.journal.write("captcha_task", detail=str(task.id))
        return task

    def result(self, key: str, task_id: str) -> Task | None:
        """Return the solved task, or nothing while it is being solved."""
        special, task = _key(key), self._find(key, task_id)
        if self._site.clock() < task.ready_at:
            self._site.journal.write("captcha_result", detail="processing")
            return None
        self._site.journal.write("captcha_result", detail=special.outcome or "ready")
        if special.outcome:
            raise RefusalError(special.outcome)
        if not task.token:
            self._solve(task)
        return task

    def balance(self, key: str) -> float:
        """Return what is left on the key, in US dollars."""
        return 0.0 if _key(key).new_task == "ERROR_ZERO_BALANCE" else BALANCE

    def report(self, key: str, task_id: str, *, correct: bool) -> None:
        """Note what the client says of a solution, once for each."""
        _key(key)
        task = self._find(key, task_id)
        if not task.token:
            raise RefusalError("REPORT_NOT_RECORDED")
        if task.reported:
            raise RefusalError("ERROR_DUPLICATE_REPORT")
        task.reported = True
        self._site.journal.write("captcha_report", detail="correct" if correct else "incorrect")

    def _find(self, key: str, task_id: str) -> Task:
        number = int(task_id) if re.fullmatch(r"[0-9]{1,18}", task_id) else 0
        task = self._tasks.get(number)
        if task is None or task.key != key:
            raise RefusalError("ERROR_NO_SUCH_CAPCHA_ID")
        return task

    def _solve(self, task: Task) -> None:
        """Make the token, which ages from the moment it was ready, not from when somebody came for it."""
        page = "" if task.key == WRONG_TOKEN_KEY else task.page
        task.token = self._site.tokens.issue(page, task.sitekey, solved_at=task.ready_at)
        task.solved = int(time.time() - (self._site.clock() - task.ready_at))


def _key(key: str) -> SpecialKey:
    special = _SPECIAL.get(key, _ORDINARY)
    if not key or special.any_call:
        raise RefusalError(special.any_call or "ERROR_KEY_DOES_NOT_EXIST")
    return special


def _checked(page: str, sitekey: str) -> str:
    if not page:
        raise RefusalError("ERROR_BAD_PARAMETERS")
    if not _SITEKEY.fullmatch(sitekey):
        raise RefusalError("ERROR_RECAPTCHA_INVALID_SITEKEY")
    return page
