"""What a source of census answers is: the values that it gives and the protocol that it follows.

An **answer** (`Found`, `Cancelled`, `NotFound`) is what the census says about a person. A `Failure` is anything else:
an outage, a block, a page that nobody can read. They never mix. The fields of the answers are named here only; who
needs all of them asks `answer_texts`.

Next on the reading path: `tests/browser/`.
"""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Protocol


class FailureKind(StrEnum):
    """Why no answer could be had."""

    BLOCKED = "blocked"
    TIMEOUT = "timeout"
    NETWORK_ERROR = "network_error"
    PARSE_ERROR = "parse_error"
    CAPTCHA_FAILED = "captcha_failed"


class Fault(StrEnum):
    """A fault of ours: nothing is wrong with the site, and only the operator can mend it (but for a lost browser)."""

    NO_BROWSER = "no browser"
    BROWSER_LOST = "browser lost"
    NO_SOLVER = "no solver"
    WRONG_KEY = "wrong key"
    NO_BALANCE = "no balance"


@dataclass(frozen=True, slots=True)
class Found:
    """The person is in the census and votes at this place. Texts as received, white space tidied."""

    municipio: str
    puesto: str
    mesa: str
    departamento: str = ""
    direccion: str = ""
    status: ClassVar[str] = "found"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The census has a novedad about the cédula, so that no voting place is given."""

    novedad: str
    resolucion: str = ""
    fecha_novedad: str = ""
    status: ClassVar[str] = "cancelled"


@dataclass(frozen=True, slots=True)
class NotFound:
    """The census says that the cédula is not in it for this election."""

    status: ClassVar[str] = "not_found"


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer. `reason` is an English sentence for operators, without personal data; `evidence` the raw reply.

    `fault` says what failed on our side; without one it was the site. `reader` says how the evidence can be read again
    (`replaying.py`); it is empty if that is not a whole reply about somebody. `is_unreachable` says that the source
    could not be reached: nothing was asked of it.
    """

    kind: FailureKind
    reason: str
    evidence: str = ""
    fault: Fault | None = None
    reader: str = ""
    is_unreachable: bool = False

    @property
    def status(self) -> str:
        """The kind, under the name that answers use."""
        return self.kind.value


type Answer = Found | Cancelled | NotFound
type Outcome = Answer | Failure


def answer_texts(answer: Answer | None = None) -> dict[str, str]:
    """Return every text that answers can have, by name: this answer's, and "" for those that it has not."""
    names = [field.name for kind in (Found, Cancelled, NotFound) for field in fields(kind)]
    return dict.fromkeys(names, "") | (asdict(answer) if answer else {})


def voting_place(texts: Mapping[str, str]) -> Found | None:
    """Return the place that has these texts, by name; None if one that `Found` requires is missing or empty."""
    known = {field.name: texts.get(field.name, "") for field in fields(Found)}
    is_whole = all(known[field.name] for field in fields(Found) if field.default is MISSING)
    return Found(**known) if is_whole else None


class LookupHooks:
    """Called by a source during a lookup. Here they ask about one bare cédula, at once; the engine overrides them.

    `captcha_task` is the captcha service's id of a captcha that an earlier attempt bought and did not use, empty
    without one. `may_buy_captcha` says whether another one may be bought. Both hold from `begin` on.
    """

    captcha_task: str = ""
    may_buy_captcha: bool = True

    def __init__(self, cedula: str) -> None:
        self._cedula = cedula

    async def begin(self) -> str:
        """Wait until a request may be sent, and return the bare cédula to ask about. Called once, when all is ready."""
        return self._cedula

    def opened(self) -> None:
        """Called when the first request is sent."""

    async def captcha_started(self, task_id: str) -> None:
        """Called when the captcha service has accepted a task, before its solution is waited for."""

    async def captcha_solved(self, seconds: float, cost: Decimal) -> None:
        """Called with the seconds that a captcha was waited for, and its price in US dollars; also for one too late."""

    async def captcha_dropped(self) -> None:
        """Called when no other attempt can use the captcha: it goes to the site now, or is useless."""


class UnreachableError(Exception):
    """A source's page cannot be used now. The message is one English sentence for operators."""


class Source(Protocol):
    """Something that answers lookups."""

    name: str

    async def lookup(self, hooks: LookupHooks) -> Outcome:
        """Get ready, then ask about whom `hooks.begin` names. Never raises for what a site or a network can do.

        Only cancellation and what hooks raise pass.
        """
        ...

    async def check(self) -> str:
        """Try the source without asking about anybody; return what was found. Raises `UnreachableError`."""
        ...

    async def close(self) -> None:
        """Close the browser and open connections. Safe to call twice."""
        ...
