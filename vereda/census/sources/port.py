"""What a source of census answers is: the values it gives and the protocol it follows.

An **answer** (`Found`, `Cancelled`, `NotFound`) is the census speaking about a person. A `Failure` is anything else:
an outage, a block, a page that nobody can read. They never mix.

Next on the reading path: `tests/browser/`.
"""

from dataclasses import dataclass
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
    """No answer. `reason` is one English sentence for operators, without personal data; `evidence` the raw reply.

    `is_ours` says that the fault is on this side of the network, so that it tells nothing about the site. `reader` says
    how the evidence can be read again (`replaying.py`); it is empty where that is not a whole reply about somebody.
    `is_unreachable` says that the source could not be reached: nothing was asked of it.
    """

    kind: FailureKind
    reason: str
    evidence: str = ""
    is_ours: bool = False
    reader: str = ""
    is_unreachable: bool = False

    @property
    def status(self) -> str:
        """The kind, under the same name that answers have."""
        return self.kind.value


type Answer = Found | Cancelled | NotFound
type Outcome = Answer | Failure


class LookupHooks:
    """What happens around a lookup, for whoever asks it. Each does nothing here; the engine overrides them.

    `captcha_task` is the captcha service's id of a captcha that was bought for this person before and not used, empty
    if there is none. `may_buy_captcha` says whether another one may be bought.
    """

    captcha_task: str = ""
    may_buy_captcha: bool = True

    async def before_open(self) -> None:
        """Wait until the page may be opened. Called once, when the page's request is ready to leave this machine."""

    async def opened(self) -> None:
        """Take note that the page's request has been let go. Called right after it was."""

    async def captcha_started(self, task_id: str) -> None:
        """Take note that the captcha service accepted a task, before its answer is waited for."""

    async def captcha_solved(self, seconds: float, cost: Decimal) -> None:
        """Take note of how long the captcha was waited for, in seconds, and of its price in US dollars."""

    async def captcha_dropped(self) -> None:
        """Take note that no other attempt can use the captcha: it goes to the site now, or is good for nothing."""


class UnreachableError(Exception):
    """A source's page cannot be used now. The message is one English sentence for operators."""


class Source(Protocol):
    """Something that can be asked where a cédula votes."""

    name: str

    async def lookup(self, cedula: str, hooks: LookupHooks) -> Outcome:
        """Ask about one bare cédula. Never raises for what a site or a network can do; only cancellation passes."""
        ...

    async def check(self) -> str:
        """Open the page without asking about anybody; return what was met there. Raises `UnreachableError`."""
        ...

    async def close(self) -> None:
        """Let go of the browser and of open connections. Safe to call twice."""
        ...
