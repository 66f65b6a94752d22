"""The browser's life: launched once, one context a page, launched again when it dies, gone when closed."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import playwright
import psutil
import pytest

from tests.census.sources.asking.loop import LoopThread
from tests.census.sources.asking.processes import chromiums, drivers, kill, wait_until_gone
from vereda.census.sources.asking import browser as browser_module
from vereda.census.sources.asking.browser import Browser
from vereda.census.sources.asking.errors import BrowserUnavailableError, PageError
from vereda.census.sources.port import FailureKind

ROOT = Path(__file__).parents[4]


@pytest.fixture
def chromium(loop: LoopThread) -> Iterator[Browser]:
    """A browser that a test may harm."""
    chromium = Browser()
    yield chromium
    loop.run(chromium.close())


def open_contexts(chromium: Browser) -> int:
    return len(chromium._running.chromium.contexts) if chromium._running else 0


async def title_of_a_page(chromium: Browser) -> str:
    async with chromium.page() as page:
        await page.goto("data:text/html,<title>hola</title>")
        return str(await page.title())


def test_each_page_has_a_context_of_its_own_that_is_closed_afterwards(loop: LoopThread, chromium: Browser) -> None:
    async def two_pages() -> None:
        async with chromium.page() as one, chromium.page() as other:
            assert one.context is not other.context
            assert open_contexts(chromium) == 2

    loop.run(two_pages())
    assert open_contexts(chromium) == 0


def test_first_uses_at_the_same_time_launch_one_browser(loop: LoopThread, chromium: Browser) -> None:
    before = chromiums()

    async def at_once() -> list[str]:
        return await asyncio.gather(*(title_of_a_page(chromium) for _ in range(4)))

    assert loop.run(at_once()) == ["hola"] * 4
    assert len(chromiums() - before) == 1


def test_it_says_who_it_is(loop: LoopThread, chromium: Browser) -> None:
    async def ask() -> list[str]:
        async with chromium.page() as page:
            said: list[str] = await page.evaluate(
                "[navigator.userAgent, navigator.language, String(navigator.webdriver)]"
            )
            return said

    user_agent, language, is_automated = loop.run(ask())
    assert "HeadlessChrome" in user_agent
    assert language == "es-CO"
    assert is_automated == "true"


def test_the_drivers_own_list_of_features_is_repeated_whole() -> None:
    """Chromium heeds the last such list only: a driver whose list has changed would silently lose what is new in it."""
    bundle = Path(playwright.__file__).with_name("driver") / "package" / "lib" / "coreBundle.js"
    listed = re.search(r"disabledFeatures = \[(.*?)\]\.filter", bundle.read_text(encoding="utf-8"), re.DOTALL)
    assert listed
    entries = [line for line in map(str.strip, listed[1].splitlines()) if line and not line.startswith("//")]

    assert [entry.strip('",') for entry in entries] == list(browser_module._FEATURES_THE_DRIVER_DISABLES)


def test_what_any_list_of_features_on_its_command_line_disables_the_last_one_disables_too(
    loop: LoopThread, chromium: Browser
) -> None:
    before = chromiums()
    loop.run(title_of_a_page(chromium))
    (pid,) = chromiums() - before
    flag = "--disable-features="
    lists = [part.removeprefix(flag).split(",") for part in psutil.Process(pid).cmdline() if part.startswith(flag)]

    assert len(lists) == 2
    assert set(lists[0]) < set(lists[-1])


def test_behind_a_page_the_browser_loads_no_pages_of_its_own(loop: LoopThread, chromium: Browser) -> None:
    async def targets() -> list[str]:
        async with chromium.page() as page:
            await page.goto("data:text/html,hola")
            await asyncio.sleep(0.5)
            assert chromium._running is not None
            session = await chromium._running.chromium.new_browser_cdp_session()
            found = await session.send("Target.getTargets", {"filter": [{"exclude": False}]})
            return [target["url"] for target in found["targetInfos"]]

    assert set(loop.run(targets())) == {"data:text/html,hola"}


def test_the_context_is_closed_when_the_user_of_a_page_fails(loop: LoopThread, chromium: Browser) -> None:
    async def fail() -> None:
        async with chromium.page():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        loop.run(fail())
    assert open_contexts(chromium) == 0


def test_the_context_is_closed_when_the_user_of_a_page_is_cancelled(loop: LoopThread, chromium: Browser) -> None:
    async def cancel() -> None:
        is_open = asyncio.Event()

        async def use() -> None:
            async with chromium.page() as page:
                is_open.set()
                await page.wait_for_function("false")

        task = asyncio.create_task(use())
        await is_open.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    loop.run(cancel())
    assert open_contexts(chromium) == 0


@pytest.mark.parametrize("steps", [1, 5, 20])
def test_who_is_cancelled_while_a_page_opens_leaves_none_behind(
    loop: LoopThread, chromium: Browser, steps: int
) -> None:
    async def cancel_early() -> None:
        task = asyncio.create_task(title_of_a_page(chromium))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await title_of_a_page(chromium) == "hola"
        await asyncio.wait([*chromium._tasks, asyncio.create_task(asyncio.sleep(0))])

    loop.run(cancel_early())
    assert open_contexts(chromium) == 0


def test_a_browser_that_was_killed_is_launched_again(loop: LoopThread, chromium: Browser) -> None:
    before = chromiums()
    loop.run(title_of_a_page(chromium))
    (first,) = chromiums() - before
    kill({first})
    wait_until_gone({first})
    assert loop.run(title_of_a_page(chromium)) == "hola"
    assert len(chromiums() - before) == 1


def test_a_browser_whose_driver_was_killed_is_launched_again(loop: LoopThread, chromium: Browser) -> None:
    browsers_before, drivers_before = chromiums(), drivers()
    loop.run(title_of_a_page(chromium))
    first, killed = chromiums() - browsers_before, drivers() - drivers_before
    kill(killed)
    wait_until_gone(killed | first)
    assert loop.run(title_of_a_page(chromium)) == "hola"


def test_a_page_whose_browser_dies_fails_as_a_network_error(loop: LoopThread, chromium: Browser) -> None:
    before = chromiums()

    async def use() -> None:
        async with chromium.page() as page:
            kill(chromiums() - before)
            await page.wait_for_function("false")

    with pytest.raises(PageError) as caught:
        loop.run(use())
    assert caught.value.kind is FailureKind.NETWORK_ERROR


def test_a_browser_that_hangs_is_replaced(loop: LoopThread, chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    before = chromiums()
    loop.run(title_of_a_page(chromium))
    (frozen,) = chromiums() - before
    launch = browser_module._launched

    async def launch_with_patience_again(executable: str, *, headless: bool) -> object:
        monkeypatch.undo()
        return await launch(executable, headless=headless)

    monkeypatch.setattr(browser_module, "_CLOSE_SECONDS", 0.2)
    monkeypatch.setattr(browser_module, "_OPEN_SECONDS", 0.2)
    monkeypatch.setattr(browser_module, "_launched", launch_with_patience_again)
    os.kill(frozen, signal.SIGSTOP)
    try:
        assert loop.run(title_of_a_page(chromium)) == "hola"
    finally:
        with suppress(ProcessLookupError):
            os.kill(frozen, signal.SIGKILL)


def test_after_so_many_pages_a_new_browser_takes_over_and_the_old_one_ends_with_its_last_page(loop: LoopThread) -> None:
    chromium = Browser(pages_per_launch=2)
    before = chromiums()

    async def use() -> None:
        async with chromium.page():
            (old,) = chromiums() - before
            assert await title_of_a_page(chromium) == "hola"
            assert chromiums() - before == {old}
            assert await title_of_a_page(chromium) == "hola"
            assert len(chromiums() - before) == 2
        wait_until_gone({old})

    loop.run(use())
    assert len(chromiums() - before) == 1
    loop.run(chromium.close())


def test_a_closed_browser_is_gone_and_stays_so(loop: LoopThread, chromium: Browser) -> None:
    browsers_before, drivers_before = chromiums(), drivers()
    loop.run(title_of_a_page(chromium))
    started = (chromiums() - browsers_before) | (drivers() - drivers_before)
    assert len(started) == 2
    loop.run(chromium.close())
    wait_until_gone(started)
    loop.run(chromium.close())
    with pytest.raises(BrowserUnavailableError, match="has been closed"):
        loop.run(title_of_a_page(chromium))


def test_closing_ends_pages_in_use(loop: LoopThread, chromium: Browser) -> None:
    async def close_meanwhile() -> None:
        async with chromium.page() as page:
            await chromium.close()
            await page.goto("about:blank")

    with pytest.raises(PageError):
        loop.run(close_meanwhile())


def test_nothing_is_launched_before_the_first_page(loop: LoopThread) -> None:
    before = chromiums() | drivers()
    loop.run(Browser().close())
    assert chromiums() | drivers() == before


@pytest.mark.parametrize("executable", ["/nowhere/chromium", "/etc/passwd", "no-such-browser"])
def test_a_configured_browser_that_is_none_is_said_to_be_missing(loop: LoopThread, executable: str) -> None:
    with pytest.raises(BrowserUnavailableError, match="neither Chromium nor Chrome was found"):
        loop.run(title_of_a_page(Browser(executable)))


def test_a_program_that_is_no_browser_does_not_start(loop: LoopThread) -> None:
    before = drivers()
    with pytest.raises(BrowserUnavailableError, match="the browser does not start"):
        loop.run(title_of_a_page(Browser("/bin/true")))
    wait_until_gone(drivers() - before)


AFTER_A_FORK = """
import asyncio, os, sys
from vereda.census.sources.asking.browser import Browser

browser = Browser()

async def title():
    async with browser.page() as page:
        await page.goto("data:text/html,<title>hola</title>")
        return await page.title()

async def again():
    assert await title() == "hola"
    await browser.close()

loop = asyncio.new_event_loop()
assert loop.run_until_complete(title()) == "hola"
parents = browser._running
child = os.fork()
if not child:
    try:
        asyncio.run(again())
    except BaseException as error:
        print(repr(error), file=sys.stderr)
        os._exit(1)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert loop.run_until_complete(title()) == "hola"
assert browser._running is parents, "the child ended its parent's browser"
loop.run_until_complete(browser.close())
print("both browsers worked")
"""


def test_a_forked_process_launches_its_own_and_leaves_its_parents_alone() -> None:
    command = [sys.executable, "-W", "ignore", "-c", AFTER_A_FORK]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "both browsers worked\n", done.stderr
