"""A page's first request, prepared and held back, so that only the network is left to wait for once it is sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page, Response, Route

from vereda.census.sources.asking.errors import PageError
from vereda.census.sources.port import FailureKind


class HeldRequest:
    """A page's request for an address, which the browser holds back until `send`."""

    def __init__(self, route: Route, navigation: asyncio.Task[Response | None]) -> None:
        self._route = route
        self._navigation = navigation

    async def send(self) -> None:
        await self._route.continue_()

    async def response(self) -> Response | None:
        """Wait until the page's document is loaded."""
        return await self._navigation


@asynccontextmanager
async def held_request(page: Page, url: str) -> AsyncIterator[HeldRequest]:
    """Have the page request an address, and hold the request back. Raises `PageError` for an unusable address."""
    held: asyncio.Future[Route] = asyncio.get_running_loop().create_future()

    async def hold(route: Route) -> None:
        if not held.done():
            held.set_result(route)

    await page.route(lambda _: True, hold, times=1)
    navigation = asyncio.create_task(page.goto(url, wait_until="domcontentloaded"))
    try:
        both: set[asyncio.Future[Any]] = {held, navigation}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not held.done():
            await navigation  # raises for an invalid address
            raise PageError(FailureKind.NETWORK_ERROR, "the page was not asked for")
        yield HeldRequest(held.result(), navigation)
    finally:
        navigation.cancel()
        await asyncio.wait({navigation})
        if not navigation.cancelled():
            navigation.exception()  # retrieved, or asyncio would log it
