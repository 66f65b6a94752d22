"""The browser: launched once a process and shared by its lookups.

It says what it is: its own user agent, no disguise, no proxy. The driver talks to it through a pipe, so that it ends
with this process, even by SIGKILL.
"""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, CDPSession, Page, Playwright, ViewportSize, async_playwright
from playwright.async_api import Error as PlaywrightError

from vereda.census.sources.asking.errors import BrowserError, BrowserUnavailableError, PageError, own_errors
from vereda.census.sources.asking.executables import find_executable

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
_PULSE_SECONDS = 3
_FROZEN_SECONDS = 10
"""How long a browser may leave a question for its version without an answer."""

_inherited: list[object] = []
"""Browsers of another process or event loop. Kept: if one was freed here, it would end there."""


@dataclass(slots=True, eq=False)
class _Running:
    """A launched browser with its driver. `opened` counts all pages so far, `in_use` the open ones."""

    driver: Playwright
    chromium: Chromium
    watch: asyncio.Task[None]
    opened: int = 0
    in_use: int = 0


@dataclass(frozen=True, slots=True)
class _OpenPage:
    running: _Running
    context: BrowserContext
    page: Page


class Browser:
    """One browser for all lookups of a process and event loop: launched at the first, and again after it died.

    After `pages_per_launch` pages a new one takes over, and the old one ends with its last page.
    """

    def __init__(self, executable: str = "", *, headless: bool = True, pages_per_launch: int = 200) -> None:
        self._executable = executable
        self._headless = headless
        self._pages_per_launch = pages_per_launch
        self._owner: tuple[int, asyncio.AbstractEventLoop] | None = None
        self._is_closed = False
        self._running: _Running | None = None
        self._launching: asyncio.Task[_Running] | None = None
        self._tasks: set[asyncio.Task[object]] = set()

    @asynccontextmanager
    async def page(self) -> AsyncIterator[Page]:
        """Give an empty page in its own context, which is always closed afterwards.

        Raises `PageError`, also for errors inside the block.
        """
        self._forget_inherited()
        opening = self._spawn(self._open())
        try:
            open_page = await asyncio.shield(opening)
            with own_errors():
                yield open_page.page
        finally:
            closing = self._spawn(self._close_page(opening))
            if opening.done():
                await asyncio.shield(closing)

    async def close(self) -> None:
        """End the browser and the lookups that use it. No page opens afterwards."""
        self._forget_inherited()
        self._is_closed = True
        if self._launching is not None:
            await asyncio.wait([self._launching], timeout=_CLOSE_SECONDS)
        running, self._running = self._running, None
        if running is not None:
            self._spawn(_end(running))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * _CLOSE_SECONDS)

    def _forget_inherited(self) -> None:
        """Forget a browser that was launched before a fork or on another event loop: it must not be used here."""
        owner = (os.getpid(), asyncio.get_running_loop())
        if self._owner != owner:
            if self._running is not None or self._launching is not None:
                _inherited.append((self._owner, self._running, self._launching))
            self._owner, self._running, self._launching, self._tasks = owner, None, None, set()

    def _spawn[T](self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        """Start what must finish even if the lookup that needs it is cancelled."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def _open(self) -> _OpenPage:
        try:
            return await self._open_in(await self._current())
        except BrowserUnavailableError:
            raise
        except PageError as error:
            logger.warning("browser.relaunched reason=%s", error.reason)
            return await self._open_in(await self._current())

    async def _open_in(self, running: _Running) -> _OpenPage:
        running.opened += 1
        running.in_use += 1
        try:
            with own_errors():
                async with asyncio.timeout(_OPEN_SECONDS):
                    context = await running.chromium.new_context(locale="es-CO", viewport=_VIEW)
                    context.set_default_timeout(0)  # the caller has its own deadline
                    return _OpenPage(running, context, await context.new_page())
        except (PageError, TimeoutError):
            running.in_use -= 1
            self._retire(running)
            raise BrowserError("the browser does not open a page") from None

    async def _close_page(self, opening: asyncio.Task[_OpenPage]) -> None:
        """Close the context, if one was opened, and end a browser that nobody uses any more."""
        try:
            open_page = await opening
        except PageError:
            return
        running = open_page.running
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await open_page.context.close()
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
        """Open no more pages in it, and end it with its last page: other lookups may still use it."""
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
    """Start a driver and a browser. As root Chromium has no sandbox, and only starts when that is said."""
    driver: Playwright | None = None
    try:
        async with asyncio.timeout(_LAUNCH_SECONDS):
            driver = await async_playwright().start()
            chromium = await driver.chromium.launch(
                executable_path=executable, headless=headless, args=_ARGUMENTS, chromium_sandbox=os.geteuid() != 0
            )
            session = await chromium.new_browser_cdp_session()
            processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
            pid = next(process["id"] for process in processes if process["type"] == "browser")
    except Exception as error:  # noqa: BLE001 - a driver that does not come up raises plain Exceptions
        logger.warning("browser.launch_failed executable=%s error=%s", executable, str(error)[:1000])
        if driver is not None:
            await _stop(driver)
        raise BrowserUnavailableError(f"the browser does not start ({type(error).__name__})") from None
    logger.info("browser.launched version=%s", chromium.version)
    return _Running(driver, chromium, asyncio.create_task(_watch(session, pid)))


async def _watch(session: CDPSession, pid: int) -> None:
    """Kill a browser that is frozen, so that its lookups fail now, by a fault of ours, and not at their deadlines.

    The driver would kill it only half a minute after it was asked to end.
    """
    try:
        while True:
            await asyncio.sleep(_PULSE_SECONDS)
            async with asyncio.timeout(_FROZEN_SECONDS):
                await session.send("Browser.getVersion")
    except PlaywrightError:
        return  # it has ended
    except TimeoutError:
        logger.warning("browser.frozen")
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # it leads a group of its own


async def _end(running: _Running) -> None:
    running.watch.cancel()
    with suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await running.chromium.close()
    await _stop(running.driver)


async def _stop(driver: Playwright) -> None:
    """Stop the driver. It kills a browser that hangs, but only after 30 seconds: that is not waited for."""
    with suppress(PlaywrightError, TimeoutError):
        await asyncio.wait_for(asyncio.shield(driver.stop()), _CLOSE_SECONDS)
