"""What all parts of the site share: its settings, its clock and its state."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from practice.bounded_dict import BoundedDict
from practice.journal import Journal
from practice.sessions import Sessions
from practice.tokens import Tokens


class Face(StrEnum):
    """The versions of the census page that the site can show."""

    AJAX = "ajax"
    HTML = "html"
    JSON = "json"


SITEKEY = "6LPractica0000000000000000000000000AAAAA"
"""It has the form of a real reCAPTCHA sitekey, but belongs to nobody."""


@dataclass
class Site:
    """One practice site. All times are in seconds.

    `captcha_seconds`: how long the captcha service takes for a solution.
    `slow_seconds`: how long the slow moods take.
    `hang_seconds`: after how long a request that gets no reply is cut.
    `clock`: the time of captchas, tokens and journal. Waiting does not use it.
    `face`: what the usual address shows. It may change at any time.
    `overlay_seconds`: how long the HTML face covers its form after loading.
    """

    captcha_seconds: float = 0.0
    slow_seconds: float = 8.0
    hang_seconds: float = 600.0
    clock: Callable[[], float] = time.monotonic
    face: Face = Face.AJAX
    overlay_seconds: float = 1.5
    journal: Journal = field(init=False)
    tokens: Tokens = field(init=False)
    sessions: Sessions = field(init=False)
    first_cut: BoundedDict[str, Mapping[str, str]] = field(init=False, default_factory=BoundedDict)
    """By cédula, the first form that was cut: the state of `Fault.CUT_FIRST_TIME`."""

    def __post_init__(self) -> None:
        self.journal = Journal(self.clock)
        self.tokens = Tokens(self.clock)
        self.sessions = Sessions()
