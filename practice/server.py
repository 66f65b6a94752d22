"""The practice site as an aiohttp application, and as a running server for tests.

    with PracticeServer() as server:
        ...  # send requests to server.census_url, read server.journal

Next on the reading path: `practice/moods.py`, then `practice/faces.py`.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Self

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from practice import captcha, captcha_widget, faces, home, verifik
from practice.journal import Journal
from practice.site import Face, Site

HOST = "127.0.0.1"

logger = logging.getLogger("practice")


def create_app(site: Site) -> web.Application:
    app = web.Application(middlewares=[_no_head])
    app.add_routes(home.routes())
    app.add_routes(faces.routes(site))
    app.add_routes(captcha_widget.routes(site))
    app.add_routes(verifik.routes(site))
    app.add_routes(captcha.routes(site))
    return app


class _MalformedRequestFilter(logging.Filter):
    """Drops the records about malformed requests: they quote what the client sent, which may be personal data."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


logger.addFilter(_MalformedRequestFilter())


@web.middleware
async def _no_head(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer every HEAD with 500, as the real site does."""
    return web.Response(status=500) if request.method == "HEAD" else await handler(request)


@asynccontextmanager
async def listening(app: web.Application, port: int) -> AsyncIterator[int]:
    """Serve the application on this machine only, and give the port; 0 means a free one.

    Raises `OSError` if the port is taken. There is no access log, because addresses may contain cédulas. When a client
    disconnects its request is cancelled, and stopping does not wait for requests that hang.
    """
    runner = web.AppRunner(
        app, handle_signals=False, handler_cancellation=True, access_log=None, logger=logger, shutdown_timeout=0.1
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class PracticeServer:
    """A practice site with a thread and an event loop of its own, for as long as the `with` block lasts.

    The settings are those of `Site`. `server.site` may be changed while it runs.
    """

    origin: str
    """Like http://127.0.0.1:40123. It is known once the `with` block has been entered."""

    def __init__(
        self,
        port: int = 0,
        *,
        captcha_seconds: float = 0.0,
        slow_seconds: float = 8.0,
        hang_seconds: float = 600.0,
        overlay_seconds: float = 0.2,
        face: Face = Face.AJAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.site = Site(captcha_seconds, slow_seconds, hang_seconds, clock, face, overlay_seconds)
        self._port = port
        self._started: Future[int] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="practice-site", daemon=True)

    @property
    def journal(self) -> Journal:
        return self.site.journal

    @property
    def census_url(self) -> str:
        return self.origin + faces.PATH

    def url_of(self, face: Face) -> str:
        """Return the address of this face. The AJAX face has the usual address, which may show another one."""
        return self.origin + faces.PATHS[face]

    @property
    def captcha_url(self) -> str:
        return self.origin

    @property
    def verifik_url(self) -> str:
        return self.origin + verifik.PATH

    def __enter__(self) -> Self:
        self._thread.start()
        self.origin = f"http://{HOST}:{self._started.result(timeout=10)}"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._started.set_exception(error)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with listening(create_app(self.site), self._port) as port:
            self._started.set_result(port)
            await self._stop.wait()
