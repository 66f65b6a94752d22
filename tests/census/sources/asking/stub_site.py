"""A census page whose replies a test chooses, also such as the practice site never gives."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from multidict import MultiDict

from tests.census.sources.reading.replies import FOUND, success

type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

NONCE = "0123456789abcdef0123456789abcdef"
WIDGET = f'<div class="g-recaptcha" data-sitekey="6L{"k" * 38}"></div>'
FIELDS = f"""
<input id="nuip" name="nuip" maxlength="10">
<select id="tipo" name="tipo"><option value="677">UNA ELECCIÓN</option><option value="-1">ACTUAL</option></select>
<input type="hidden" id="token" name="token" value="{NONCE}">
<input type="submit" id="enviar" name="enviar">"""
SCRIPT = """
form.addEventListener('submit', event => {
    event.preventDefault();
    fetch(location, { method: 'POST', body: new FormData(form) }).then(reply => reply.text());
});"""


def page(*, fields: str = FIELDS, widget: str = "", script: str = SCRIPT) -> str:
    """Return a page whose form is complete unless told otherwise."""
    return (
        f"<!DOCTYPE html><meta charset=utf-8><form id=form method=post enctype=multipart/form-data>{fields}{widget}"
        f"</form><div id=success></div><div id=div_warning></div><div id=div_error></div><script>{script}</script>"
    )


async def found(_: web.Request) -> web.StreamResponse:
    """Answer with a voting place."""
    return web.Response(text=success(FOUND), content_type="application/json")


async def hang(_: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


@dataclass
class StubSite:
    """Serves `html`, or what `load` says, at GET and `answer` at POST.

    Remembers the forms it got and how often its page was loaded.
    """

    html: str = field(default_factory=page)
    answer: Answer = found
    load: Answer | None = None
    forms: list[MultiDict[object]] = field(default_factory=list)
    loads: int = 0
    is_asked: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Give the page's address while the block lasts."""
        app = web.Application()
        app.add_routes([web.get("/{path:.*}", self._load), web.post("/{path:.*}", self._take)])
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/censo/consultar/"
        finally:
            await runner.cleanup()

    async def _load(self, request: web.Request) -> web.StreamResponse:
        self.loads += not request.path.endswith("favicon.ico")
        if self.load is not None:
            return await self.load(request)
        return web.Response(text=self.html, content_type="text/html")

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.forms.append(MultiDict((await request.post()).items()))
        self.is_asked.set()
        return await self.answer(request)
