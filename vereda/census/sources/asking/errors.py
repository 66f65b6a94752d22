"""What goes wrong between us and a page, as an exception on its way to becoming a `Failure`."""

import re

from vereda.census.sources.port import FailureKind

_NET_ERROR = re.compile(r"\bERR_[A-Z0-9_]{1,60}")
_SLOW_ERRORS = {"ERR_TIMED_OUT", "ERR_CONNECTION_TIMED_OUT"}


class PageError(Exception):
    """The page, or the browser around it, failed. `reason` holds nothing of what was typed into the page."""

    is_ours = False

    def __init__(self, kind: FailureKind, reason: str, evidence: str = "") -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.evidence = evidence


class BrowserError(PageError):
    """The browser failed, not the site."""

    is_ours = True

    def __init__(self, reason: str) -> None:
        super().__init__(FailureKind.NETWORK_ERROR, reason)


class BrowserUnavailableError(BrowserError):
    """There is no browser to ask with."""


def unreachable(text: str) -> PageError:
    """Return the error for a request that got no reply; `text` holds Chromium's name for why."""
    found = _NET_ERROR.search(text)
    code = found[0] if found else "no reply"
    kind = FailureKind.TIMEOUT if code in _SLOW_ERRORS else FailureKind.NETWORK_ERROR
    return PageError(kind, f"the site could not be reached ({code})")
