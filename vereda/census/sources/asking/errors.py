"""Errors of a page or its browser. A source turns them into a `Failure`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from vereda.census.sources.port import FailureKind, Fault

_NET_ERROR = re.compile(r"\bERR_[A-Z0-9_]{1,60}")
_SLOW_ERRORS = {"ERR_TIMED_OUT", "ERR_CONNECTION_TIMED_OUT"}


class PageError(Exception):
    """The page, or the browser around it, failed. `reason` holds nothing of what was typed into the page."""

    fault: Fault | None = None

    def __init__(self, kind: FailureKind, reason: str, evidence: str = "") -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.evidence = evidence


class BrowserError(PageError):
    """The browser failed, not the site."""

    fault = Fault.BROWSER_LOST

    def __init__(self, reason: str) -> None:
        super().__init__(FailureKind.NETWORK_ERROR, reason)


class BrowserUnavailableError(BrowserError):
    """There is no browser to ask with."""

    fault = Fault.NO_BROWSER


def unreachable(text: str) -> PageError:
    """Return the error for a request that got no reply; `text` holds Chromium's name for why."""
    found = _NET_ERROR.search(text)
    code = found[0] if found else "no reply"
    kind = FailureKind.TIMEOUT if code in _SLOW_ERRORS else FailureKind.NETWORK_ERROR
    return PageError(kind, f"the site could not be reached ({code})")


@contextmanager
def own_errors() -> Iterator[None]:
    """Turn Playwright's errors into ours. Their texts repeat what was typed, so they are dropped."""
    try:
        yield
    except PlaywrightError as error:
        raise _own(error) from None


def _own(error: PlaywrightError) -> PageError:
    if "net::" in error.message:
        return unreachable(error.message)
    if isinstance(error, PlaywrightTimeoutError):
        return PageError(FailureKind.TIMEOUT, "the page did not get ready in time")
    if "closed" in error.message or "crash" in error.message:
        return BrowserError("the browser went away during the lookup")
    return PageError(FailureKind.PARSE_ERROR, "the browser could not use the page")
