"""What is done with an open page and its responses: reading them, waiting for the page, keeping it from reloading."""

import re
from contextlib import suppress

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Response, Route
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from vereda.census.sources.asking.errors import unreachable


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


async def becomes_true(page: Page, predicate: str, *, seconds: float) -> bool:
    """Wait until a JavaScript function returns something true in the page; False after so many seconds."""
    try:
        await page.wait_for_function(predicate, timeout=seconds * 1000)
    except PlaywrightTimeoutError:
        return False
    return True


async def html_of(page: Page, *, limit: int = 200_000) -> str:
    """Return the first `limit` characters of the page's present HTML: a page may have no end."""
    return str(await page.evaluate("limit => document.documentElement?.outerHTML.slice(0, limit) ?? ''", limit))


async def block_reloads(page: Page) -> None:
    """Keep the page's own script from loading it again: the reply would be lost, and that load has no slot."""
    await page.route(re.compile(re.escape(page.url.partition("#")[0])), _abort_page_loads)


async def _abort_page_loads(route: Route) -> None:
    with suppress(PlaywrightError):
        if route.request.is_navigation_request() and route.request.method == "GET":
            await route.abort("aborted")
        else:
            await route.continue_()
