"""How much of a reply is taken: a site that sends without end must not fill this machine's memory.

The browser tells the length of each piece as it comes, unpacked. A reply that grows beyond the limit is given up there
and then, before anything of it leaves the browser; closing the page ends the download.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from vereda.census.sources.asking.browser import Page, Request, Response, body_of
from vereda.census.sources.asking.errors import PageError
from vereda.census.sources.port import FailureKind

LIMIT = 2_000_000
"""Bytes of a reply. The longest that was ever seen, a whole page, has less than a tenth of it."""


class Scales:
    """Weighs the replies to what a page posts."""

    def __init__(self) -> None:
        self._posts: set[str] = set()
        self._received: Counter[str] = Counter()
        self._ended: set[Request] = set()
        self._is_over = False
        self._news = asyncio.Event()

    async def body_of(self, response: Response) -> bytes:
        """Return the body. Raises `PageError` as soon as it is too long, or if the connection broke before its end."""
        while not self._is_over and response.request not in self._ended:
            self._news.clear()
            await self._news.wait()
        if self._is_over:
            raise PageError(FailureKind.PARSE_ERROR, f"the reply is too long (more than {LIMIT} bytes)")
        return await body_of(response)

    def note_end(self, request: Request) -> None:
        """Take note that nothing more comes for a request, well or ill."""
        self._ended.add(request)
        self._news.set()

    def note_request(self, event: dict[str, Any]) -> None:
        """Take note of a request that the page sends."""
        if event["request"]["method"] == "POST":
            self._posts.add(event["requestId"])

    def note_piece(self, event: dict[str, Any]) -> None:
        """Take note of a piece that came."""
        request = event["requestId"]
        self._received[request] += event["dataLength"]
        if request in self._posts and self._received[request] > LIMIT:
            self._is_over = True
            self._news.set()


@asynccontextmanager
async def weighing(page: Page) -> AsyncIterator[Scales]:
    """Weigh what the page receives for what it posts from now on."""
    scales = Scales()
    session = await page.context.new_cdp_session(page)
    session.on("Network.requestWillBeSent", scales.note_request)
    session.on("Network.dataReceived", scales.note_piece)
    page.on("requestfinished", scales.note_end)
    page.on("requestfailed", scales.note_end)
    await session.send("Network.enable")
    yield scales
