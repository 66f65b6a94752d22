"""Verifik, a service that looks voting places up for money, asked over HTTP: no browser, no page, no captcha of ours.

Documented at docs.verifik.co: `GET` with the number in the query and `Authorization: Bearer` with a token that lasts 30
days unless it was made for longer. A form of the question that keeps the number out of the address is documented for
other services of theirs, not for this one; so errors of the HTTP client, which repeat the address, go nowhere.
`documentType` is in an older catalogue of theirs as required and in today's pages not at all: it is sent, because the
one client in public code sends it. What the replies mean: `verifik_reply.py`.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import replace

import aiohttp

from vereda.census.sources.asking.errors import PageError
from vereda.census.sources.asking.reply_size import LIMIT
from vereda.census.sources.port import Failure, FailureKind, LookupHooks, Outcome, UnreachableError
from vereda.census.sources.reading.readers import Reply, VerifikReader
from vereda.census.sources.reading.replaying import kept
from vereda.census.sources.reading.verifik_reply import is_missing_parameter
from vereda.lib.cedula import mask

logger = logging.getLogger("vereda.census.sources")

_READER = VerifikReader()
_QUESTION = {"documentType": "CC"}
_PIECE = 64 * 1024
_UNPACKED = {"Accept": "application/json", "Accept-Encoding": "identity"}
"""Nothing that grows when it is unpacked: what comes is as long as it looks."""


class _Sending:
    """One request on its way. `is_under_way` is set once it has left this machine, or never will."""

    def __init__(self) -> None:
        self.has_left = False
        self.is_under_way = asyncio.Event()

    async def note_departure(self, *_: object) -> None:
        """Take note that the request leaves now. It leaves once: aiohttp would repeat one whose connection was cut."""
        if self.has_left:
            raise aiohttp.ServerDisconnectedError
        self.has_left = True
        self.is_under_way.set()


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

    async def lookup(self, cedula: str, hooks: LookupHooks) -> Outcome:
        """Ask about one bare cédula. Never raises for what the service or the network does; what hooks raise passes."""
        logger.info("source.lookup_started source=%s cedula=%s", self.name, mask(cedula))
        await hooks.before_open()
        began = time.monotonic()
        sending = _Sending()
        asking = asyncio.create_task(self._ask_about(cedula, sending))
        try:
            await sending.is_under_way.wait()
            await hooks.opened()
            outcome = await asking
        finally:
            asking.cancel()
            await asyncio.wait({asking})
        logger.info(
            "source.lookup_ended source=%s cedula=%s status=%s seconds=%.1f reason=%s",
            self.name,
            mask(cedula),
            outcome.status,
            time.monotonic() - began,
            outcome.reason if isinstance(outcome, Failure) else "",
        )
        return outcome

    async def knock(self) -> str:
        """Ask about nobody; return what was met. Raises `UnreachableError` unless the service misses the number.

        That it looks at the token before it misses anything is assumed.
        """
        began = time.monotonic()
        reply = await self._fetch(_QUESTION, _Sending())
        if isinstance(reply, Failure):
            raise UnreachableError(reply.reason)
        if not is_missing_parameter(reply.body, reply.http_status):
            raise UnreachableError(_why_not(_READER.read(reply, "")))
        seconds = time.monotonic() - began
        return f"{self.name}: the service answers at {self._url}, token accepted, in {seconds:.1f} s"

    async def close(self) -> None:
        """Do nothing: no connection outlives its lookup."""

    async def _ask_about(self, cedula: str, sending: _Sending) -> Outcome:
        try:
            reply = await self._fetch({**_QUESTION, "documentNumber": cedula}, sending)
        finally:
            sending.is_under_way.set()
        if isinstance(reply, Failure):
            return reply
        outcome = _READER.read(reply, cedula)
        if not isinstance(outcome, Failure):
            return outcome
        body = reply.body.replace(self._token, "[token]") if self._token else reply.body
        return kept(outcome, _READER, replace(reply, body=body))

    async def _fetch(self, question: Mapping[str, str], sending: _Sending) -> Reply | Failure:
        """Return the whole reply, or why there is none. Texts of exceptions repeat the address: only types go on.

        A connection that ends before the reply begins counts as a service out of reach, as its HTTP 500 does.
        """
        try:
            async with (
                self._session(sending) as session,
                session.get(self._url, params=question, allow_redirects=False) as response,
            ):
                body = await _read(response.content)
                return Reply(body.decode(errors="replace"), response.headers.get("Content-Type", ""), response.status)
        except PageError as error:
            return Failure(error.kind, error.reason)
        except TimeoutError:
            said = "did not reply in time" if sending.has_left else "could not be reached in time"
            return Failure(FailureKind.TIMEOUT, f"the service {said}", is_unreached=not sending.has_left)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            is_unreached = isinstance(error, aiohttp.ClientConnectionError) or not sending.has_left
            said = "the service could not be reached" if is_unreached else "the exchange with the service broke off"
            reason = f"{said} ({type(error).__name__})"
            return Failure(FailureKind.NETWORK_ERROR, reason, is_unreached=is_unreached)

    def _session(self, sending: _Sending) -> aiohttp.ClientSession:
        """One session a lookup: nothing stays open between lookups, and cookies are nobody's business."""
        departure = aiohttp.TraceConfig()
        departure.on_request_headers_sent.append(sending.note_departure)
        return aiohttp.ClientSession(
            headers={**_UNPACKED, "Authorization": f"Bearer {self._token}"},
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trace_configs=[departure],
        )


def _why_not(outcome: Outcome) -> str:
    return outcome.reason if isinstance(outcome, Failure) else "the service answered without having been asked"


async def _read(content: aiohttp.StreamReader) -> bytes:
    """Return the body. Raises `PageError` as soon as it is too long."""
    body = bytearray()
    while piece := await content.read(_PIECE):
        body += piece
        if len(body) > LIMIT:
            raise PageError(FailureKind.PARSE_ERROR, f"the reply is too long (more than {LIMIT} bytes)")
    return bytes(body)
