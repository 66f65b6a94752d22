"""What all parts of the site share: its settings, its clock and what it remembers."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from practice.bounded_dict import Recent
from practice.journal import Journal
from practice.sessions import Sessions
from practice.tokens import Tokens


class Face(StrEnum):
    """The generations of the census page that the site can show."""

    AJAX = "ajax"
    HTML = "html"
    JSON = "json"


SITEKEY = "6LPractica0000000000000000000000000AAAAA"
"""As long and as begun as a real reCAPTCHA sitekey, and nobody's."""


@dataclass
class Site:
    """One practice site. All times in seconds; `clock` rules captchas and the journal, not the length of sleeps.

    `face` is what the usual address shows, and may change at any time; `overlay_seconds` is for how long the HTML
    face covers its form after loading.
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
    first_cut: Recent[str, Mapping[str, str]] = field(init=False, default_factory=Recent)
    """The form whose connection was cut, by cédula, for the ending that fails only the first time."""

    def __post_init__(self) -> None:
        self.journal = Journal(self.clock)
        self.tokens = Tokens(self.clock)
        self.sessions = Sessions()
