"""The limit on a reply's length: a site that sends without end must not fill this machine's memory.

The browser reports the unpacked length of each chunk as it comes. A reply beyond the limit is given up at once, before
any of it is copied out of the browser; closing the page ends the download.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page, Request, Response

from vereda.census.sources.asking.errors import PageError
from vereda.census.sources.asking.open_page import body_of
from vereda.census.sources.port import FailureKind

LIMIT = 2_000_000
"""Bytes of a reply. The longest ever seen, a whole page, has less than a tenth of it."""


class ReplySizes:
    """Counts the bytes of the replies to what a page posts."""

    def __init__(self) -> None:
        self._posts: set[str] = set()
        self._received: Counter[str] = Counter()
        self._ended: set[Request] = set()
        self._is_too_long = False
        self._changed = asyncio.Event()

    async def body_of(self, response: Response) -> bytes:
        """Return the body. Raises `PageError` as soon as it is too long, or if the connection broke before its end."""
        while not self._is_too_long and response.request not in self._ended:
            self._changed.clear()
            await self._changed.wait()
        if self._is_too_long:
            raise PageError(FailureKind.PARSE_ERROR, f"the reply is too long (more than {LIMIT} bytes)")
        return await body_of(response)

    def note_end(self, request: Request) -> None:
        self._ended.add(request)
        self._changed.set()

    def note_request(self, event: dict[str, Any]) -> None:
        if event["request"]["method"] == "POST":
            self._posts.add(event["requestId"])

    def note_chunk(self, event: dict[str, Any]) -> None:
        request = event["requestId"]
        self._received[request] += event["dataLength"]
        if request in self._posts and self._received[request] > LIMIT:
            self._is_too_long = True
            self._changed.set()


@asynccontextmanager
async def counted_replies(page: Page) -> AsyncIterator[ReplySizes]:
    """Count what the page receives for what it posts from now on."""
    sizes = ReplySizes()
    session = await page.context.new_cdp_session(page)
    session.on("Network.requestWillBeSent", sizes.note_request)
    session.on("Network.dataReceived", sizes.note_chunk)
    page.on("requestfinished", sizes.note_end)
    page.on("requestfailed", sizes.note_end)
    await session.send("Network.enable")
    yield sizes
