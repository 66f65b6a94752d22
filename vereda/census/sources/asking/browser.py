"""The browser: found, launched once a process, shared by lookups. The only importer of Playwright.

We ask as the browser that it is: its own user agent, no disguise, no proxy. The driver talks to it through a pipe, so
that it dies with this process whatever kills it.
"""

import asyncio
import logging
import os
import re
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser as Chromium
from playwright.async_api import (
    BrowserContext,
    Page,
    Playwright,
    Request,
    Response,
    Route,
    ViewportSize,
    async_playwright,
)
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from vereda.census.sources.asking.errors import BrowserError, BrowserUnavailableError, PageError, unreachable
from vereda.census.sources.asking.executables import find_executable
from vereda.census.sources.port import FailureKind

__all__ = [
    "Browser",
    "Departure",
    "Page",
    "Request",
    "Response",
    "body_of",
    "comes_true",
    "content_of",
    "departing",
    "find_executable",
    "plain_errors",
    "stay",
]

logger = logging.getLogger("vereda.census.sources")

# Chromium asks its maker's servers for accounts, updates and what the forms of a page are for (with a hash of the
# page's address), whatever the driver's own arguments say. The page itself may ask any other host.
_CHROMIUMS_OWN_HOSTS = (
    "accounts.google.com",
    "android.clients.google.com",
    "clients*.google.com",
    "content-autofill.googleapis.com",
    "mtalk.google.com",
    "optimizationguide-pa.googleapis.com",
    "safebrowsing.googleapis.com",
    "update.googleapis.com",
    "*.gvt1.com",
)
# Behind every page Chromium loads two more, for suggestions under an address bar that nobody sees: they took two thirds
# of a lookup's processor time, and two processes each. It also keeps a process ready for a page that may never come. Of
# two such lists only the last counts, so the driver's own stands here again (a test compares).
_UNUSED_FEATURES = (
    "SpareRendererForSitePerProcess",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
)
_FEATURES_THE_DRIVER_DISABLES = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "msForceBrowserSignIn",
    "msEdgeUpdateLaunchServicesPreferredVersion",
)
_ARGUMENTS = (
    "--disable-client-side-phishing-detection",
    "--disable-domain-reliability",
    f"--disable-features={','.join((*_FEATURES_THE_DRIVER_DISABLES, *_UNUSED_FEATURES))}",
    "--disable-quic",
    f"--host-resolver-rules={', '.join(f'MAP {host} ~NOTFOUND' for host in _CHROMIUMS_OWN_HOSTS)}",
    "--no-pings",
)
_VIEW = ViewportSize(width=640, height=480)
"""Nobody looks at the page, and every pixel of a larger one costs memory."""
_LAUNCH_SECONDS = 40
_OPEN_SECONDS = 20
_CLOSE_SECONDS = 3

_left_behind: list[object] = []
"""Browsers of another process or event loop. Kept, because to let go of one here would end it there."""


@dataclass(slots=True, eq=False)
class _Running:
    """A launched browser with its driver. `opened` counts all pages so far, `in_use` those not closed yet."""

    driver: Playwright
    chromium: Chromium
    opened: int = 0
    in_use: int = 0


@dataclass(frozen=True, slots=True)
class _Visit:
    running: _Running
    context: BrowserContext
    page: Page


class Browser:
    """One browser for all lookups of a process and event loop, launched at the first and launched again when it dies.

    After `pages_per_launch` pages a new one takes over, and the old one ends with its last page.
    """

    def __init__(self, executable: str = "", *, headless: bool = True, pages_per_launch: int = 200) -> None:
        self._executable = executable
        self._headless = headless
        self._pages_per_launch = pages_per_launch
        self._home: tuple[int, asyncio.AbstractEventLoop] | None = None
        self._is_closed = False
        self._running: _Running | None = None
        self._launching: asyncio.Task[_Running] | None = None
        self._tasks: set[asyncio.Task[object]] = set()

    @asynccontextmanager
    async def page(self) -> AsyncIterator[Page]:
        """Give an empty page in a context of its own, which is closed afterwards whatever happens.

        Raises `PageError` for what goes wrong with it, inside the block as well.
        """
        self._settle_here()
        opening = self._spawn(self._open())
        try:
            visit = await asyncio.shield(opening)
            with plain_errors():
                yield visit.page
        finally:
            leaving = self._spawn(self._leave(opening))
            if opening.done():
                await asyncio.shield(leaving)

    async def close(self) -> None:
        """End the browser, and with it what is still being looked up. No page opens afterwards."""
        self._settle_here()
        self._is_closed = True
        if self._launching is not None:
            await asyncio.wait([self._launching], timeout=_CLOSE_SECONDS)
        running, self._running = self._running, None
        if running is not None:
            self._spawn(_end(running))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * _CLOSE_SECONDS)

    def _settle_here(self) -> None:
        """Forget a browser that was launched before a fork or on another event loop: it is not ours to touch."""
        home = (os.getpid(), asyncio.get_running_loop())
        if self._home != home:
            if self._running is not None or self._launching is not None:
                _left_behind.append((self._home, self._running, self._launching))
            self._home, self._running, self._launching, self._tasks = home, None, None, set()

    def _spawn[T](self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        """Start what must come to its end even if the lookup that wants it is cancelled."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def _open(self) -> _Visit:
        try:
            return await self._open_in(await self._current())
        except BrowserUnavailableError:
            raise
        except PageError as error:
            logger.warning("browser.relaunched reason=%s", error.reason)
            return await self._open_in(await self._current())

    async def _open_in(self, running: _Running) -> _Visit:
        running.opened += 1
        running.in_use += 1
        try:
            with plain_errors():
                async with asyncio.timeout(_OPEN_SECONDS):
                    context = await running.chromium.new_context(locale="es-CO", viewport=_VIEW)
                    context.set_default_timeout(0)  # whoever asks has a deadline of his own
                    return _Visit(running, context, await context.new_page())
        except (PageError, TimeoutError):
            running.in_use -= 1
            self._retire(running)
            raise BrowserError("the browser does not open a page") from None

    async def _leave(self, opening: asyncio.Task[_Visit]) -> None:
        """Close the context, if one was opened, and end a browser that nobody uses any more."""
        try:
            visit = await opening
        except PageError:
            return
        running = visit.running
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await visit.context.close()
        except (PlaywrightError, TimeoutError):
            logger.warning("browser.context_lost")
            self._retire(running)
        running.in_use -= 1
        if running is not self._running:
            self._retire(running)

    async def _current(self) -> _Running:
        running = self._running
        if running and (running.opened >= self._pages_per_launch or not running.chromium.is_connected()):
            self._retire(running)
        if self._running is not None:
            return self._running
        if self._launching is None:
            self._launching = self._spawn(self._launch())
        return await asyncio.shield(self._launching)

    def _retire(self, running: _Running) -> None:
        """Open no more pages in it, and end it as soon as the last one is closed: others may still be asking there."""
        if running is self._running:
            self._running = None
        if not running.in_use:
            self._spawn(_end(running))

    async def _launch(self) -> _Running:
        try:
            if self._is_closed:
                raise BrowserUnavailableError("the browser has been closed")
            executable = find_executable(self._executable)
            if executable is None:
                raise BrowserUnavailableError("no browser: neither Chromium nor Chrome was found")
            self._running = await _launched(executable, headless=self._headless)
            return self._running
        finally:
            self._launching = None


async def _launched(executable: str, *, headless: bool) -> _Running:
    """Start a driver and a browser. As root Chromium has no sandbox, and refuses to start unless told so."""
    driver: Playwright | None = None
    try:
        async with asyncio.timeout(_LAUNCH_SECONDS):
            driver = await async_playwright().start()
            chromium = await driver.chromium.launch(
                executable_path=executable, headless=headless, args=_ARGUMENTS, chromium_sandbox=os.geteuid() != 0
            )
    except Exception as error:  # noqa: BLE001 - a driver that does not come up raises plain Exceptions
        logger.warning("browser.launch_failed executable=%s error=%s", executable, str(error)[:1000])
        if driver is not None:
            await _stop(driver)
        raise BrowserUnavailableError(f"the browser does not start ({type(error).__name__})") from None
    logger.info("browser.launched version=%s", chromium.version)
    return _Running(driver, chromium)


async def _end(running: _Running) -> None:
    with suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await running.chromium.close()
    await _stop(running.driver)


async def _stop(driver: Playwright) -> None:
    """Tell the driver to go; it kills a browser that hangs after 30 seconds, for which nobody waits here."""
    with suppress(PlaywrightError, TimeoutError):
        await asyncio.wait_for(asyncio.shield(driver.stop()), _CLOSE_SECONDS)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn Playwright's errors into ours. Their texts repeat what was typed, so nothing of them goes on."""
    try:
        yield
    except PlaywrightError as error:
        raise _plain(error) from None


def _plain(error: PlaywrightError) -> PageError:
    if "net::" in error.message:
        return unreachable(error.message)
    if isinstance(error, PlaywrightTimeoutError):
        return PageError(FailureKind.TIMEOUT, "the page did not get ready in time")
    if "closed" in error.message or "crash" in error.message:
        return BrowserError("the browser went away during the lookup")
    return PageError(FailureKind.PARSE_ERROR, "the browser could not use the page")


class Departure:
    """A page on its way to an address, whose request waits at the browser's door until it is let go."""

    def __init__(self, route: Route, going: asyncio.Task[Response | None]) -> None:
        self._route = route
        self._going = going

    async def leave(self) -> None:
        """Let the request go."""
        await self._route.continue_()

    async def arrive(self) -> Response | None:
        """Return the page's response once the page is there."""
        return await self._going


@asynccontextmanager
async def departing(page: Page, url: str) -> AsyncIterator[Departure]:
    """Make the page ask for an address and hold its request back: nothing but the network comes after `leave`."""
    at_door: asyncio.Future[Route] = asyncio.get_running_loop().create_future()

    async def hold(route: Route) -> None:
        if not at_door.done():
            at_door.set_result(route)

    await page.route(lambda _: True, hold, times=1)
    going = asyncio.create_task(page.goto(url, wait_until="domcontentloaded"))
    try:
        both: set[asyncio.Future[Any]] = {at_door, going}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not at_door.done():
            await going  # an address that is none: says so
            raise PageError(FailureKind.NETWORK_ERROR, "the page was not asked for")
        yield Departure(at_door.result(), going)
    finally:
        going.cancel()
        await asyncio.wait({going})
        if not going.cancelled():
            going.exception()


async def body_of(response: Response) -> bytes:
    """Return the body, empty if there is none. Raises `PageError` if the connection broke before its end."""
    try:
        return await response.body()
    except PlaywrightError as error:
        if response.request.failure:
            raise unreachable(response.request.failure) from None
        if "getResponseBody" in error.message:  # how the browser says that it kept nothing of an empty body
            return b""
        raise


async def comes_true(page: Page, predicate: str, *, seconds: float) -> bool:
    """Wait until a JavaScript function says something true in the page; False if that takes longer than this."""
    try:
        await page.wait_for_function(predicate, timeout=seconds * 1000)
    except PlaywrightTimeoutError:
        return False
    return True


async def content_of(page: Page, *, limit: int = 200_000) -> str:
    """Return the page's HTML as it stands now, of an endless one only the first `limit` characters."""
    return str(await page.evaluate("limit => document.documentElement?.outerHTML.slice(0, limit) ?? ''", limit))


async def stay(page: Page) -> None:
    """Keep the page from being loaded again by its own script: the reply would be lost, and nobody paced that load."""
    await page.route(re.compile(re.escape(page.url.partition("#")[0])), _only_what_is_asked)


async def _only_what_is_asked(route: Route) -> None:
    with suppress(PlaywrightError):
        if route.request.is_navigation_request() and route.request.method == "GET":
            await route.abort("aborted")
        else:
            await route.continue_()
