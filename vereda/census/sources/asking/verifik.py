"""Verifik, a paid service for voting places, asked over HTTP: no browser, no page and no captcha.

Documented at docs.verifik.co: `GET` with the number in the query and `Authorization: Bearer` with a token that lasts 30
days unless it was made for longer. A form of the question that keeps the number out of the address is documented for
other services of theirs, not for this one; so errors of the HTTP client, which repeat the address, go nowhere.
`documentType` is in an older catalogue of theirs as required and in today's pages not at all: it is sent, because the
one client in public code sends it. What the replies mean: `verifik_reply.py`.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace

import aiohttp

from vereda.census.sources.asking.errors import PageError
from vereda.census.sources.asking.logged import logged
from vereda.census.sources.asking.reply_size import LIMIT
from vereda.census.sources.port import Failure, FailureKind, LookupHooks, Outcome, UnreachableError
from vereda.census.sources.reading.readers import Reply, VerifikReader
from vereda.census.sources.reading.replaying import with_reply
from vereda.census.sources.reading.verifik_reply import is_missing_parameter

_READER = VerifikReader()
_QUESTION = {"documentType": "CC"}
_CHUNK = 64 * 1024
_UNPACKED = {"Accept": "application/json", "Accept-Encoding": "identity"}
"""Nothing compressed: the length that is read is the length that is kept."""


class _Request:
    """The state of one request. `is_settled` is set once it was sent, or failed before that."""

    def __init__(self) -> None:
        self.was_sent = False
        self.is_settled = asyncio.Event()

    async def note_sent(self, *_: object) -> None:
        """Refuse a second time: aiohttp would repeat a request whose connection was cut."""
        if self.was_sent:
            raise aiohttp.ServerDisconnectedError
        self.was_sent = True
        self.is_settled.set()


class VerifikSource:
    """A source at Verifik.

    `timeout_seconds` is the budget of one lookup, from its connection to its last byte; `connect_seconds` that of its
    connection, for which the next lookup waits.
    """

    def __init__(
        self, name: str, url: str, *, token: str, timeout_seconds: float, connect_seconds: float = 10.0
    ) -> None:
        self.name = name
        self._url = url
        self._token = token
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, connect=connect_seconds)

    async def lookup(self, hooks: LookupHooks) -> Outcome:
        """Never raises for what the service or the network does; what hooks raise passes."""
        cedula = await hooks.begin()
        return await logged(self.name, cedula, self._ask(cedula, hooks))

    async def check(self) -> str:
        """Ask about nobody. Raises `UnreachableError` unless the service says that the number is missing.

        Assumed: it checks the token first.
        """
        began = time.monotonic()
        reply = await self._fetch(_QUESTION, _Request())
        if isinstance(reply, Failure):
            raise UnreachableError(reply.reason)
        if not is_missing_parameter(reply.body, reply.http_status):
            raise UnreachableError(_why_not(_READER.read(reply, "")))
        seconds = time.monotonic() - began
        return f"{self.name}: the service answers at {self._url}, token accepted, in {seconds:.1f} s"

    async def close(self) -> None:
        """Do nothing: no connection is kept after its lookup."""

    async def _ask(self, cedula: str, hooks: LookupHooks) -> Outcome:
        request = _Request()
        asking = asyncio.create_task(self._ask_about(cedula, request))
        try:
            await request.is_settled.wait()
            hooks.opened()
            return await asking
        finally:
            asking.cancel()
            await asyncio.wait({asking})

    async def _ask_about(self, cedula: str, request: _Request) -> Outcome:
        try:
            reply = await self._fetch({**_QUESTION, "documentNumber": cedula}, request)
        finally:
            request.is_settled.set()
        if isinstance(reply, Failure):
            return reply
        outcome = _READER.read(reply, cedula)
        if not isinstance(outcome, Failure):
            return outcome
        body = reply.body.replace(self._token, "[token]") if self._token else reply.body
        return with_reply(outcome, _READER, replace(reply, body=body))

    async def _fetch(self, question: Mapping[str, str], request: _Request) -> Reply | Failure:
        """Return the whole reply, or why there is none. Texts of exceptions repeat the address: only types go on.

        A connection that ends before the reply begins counts as an unreachable service, like its HTTP 500.
        """
        try:
            async with (
                self._session(request) as session,
                session.get(self._url, params=question, allow_redirects=False) as response,
            ):
                body = await _read(response.content)
                return Reply(body.decode(errors="replace"), response.headers.get("Content-Type", ""), response.status)
        except PageError as error:
            return Failure(error.kind, error.reason)
        except TimeoutError:
            said = "did not reply in time" if request.was_sent else "could not be reached in time"
            return Failure(FailureKind.TIMEOUT, f"the service {said}", is_unreachable=not request.was_sent)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            is_unreachable = isinstance(error, aiohttp.ClientConnectionError) or not request.was_sent
            said = "the service could not be reached" if is_unreachable else "the exchange with the service broke off"
            reason = f"{said} ({type(error).__name__})"
            return Failure(FailureKind.NETWORK_ERROR, reason, is_unreachable=is_unreachable)

    def _session(self, request: _Request) -> aiohttp.ClientSession:
        """One session for each lookup: nothing stays open in between, and no cookies are kept."""
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(request.note_sent)
        return aiohttp.ClientSession(
            headers={**_UNPACKED, "Authorization": f"Bearer {self._token}"},
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trace_configs=[trace],
        )


def _why_not(outcome: Outcome) -> str:
    return outcome.reason if isinstance(outcome, Failure) else "the service answered without having been asked"


async def _read(content: aiohttp.StreamReader) -> bytes:
    """Return the body. Raises `PageError` as soon as it is too long."""
    body = bytearray()
    while chunk := await content.read(_CHUNK):
        body += chunk
        if len(body) > LIMIT:
            raise PageError(FailureKind.PARSE_ERROR, f"the reply is too long (more than {LIMIT} bytes)")
    return bytes(body)
