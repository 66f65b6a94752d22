"""Verifik's network: what comes between the question and a whole reply, played by a service that a test bends."""

import asyncio
import json
import logging
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count

import pytest
from aiohttp import web

from tests.census.sources.asking.loop import LoopThread
from tests.census.sources.asking.test_long_replies import MEGABYTE, watching
from vereda.census.sources.asking.verifik import VerifikSource
from vereda.census.sources.port import Failure, FailureKind, Found, LookupHooks, Outcome
from vereda.census.sources.reading.replaying import read_again

type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

CEDULA = "900000001"
TOKEN = "cabeza.cuerpo-secreto.firma"
RECORD = {
    "documentNumber": CEDULA,
    "NUIP": CEDULA,
    "department": "NARIÑO",
    "municipality": "EL PEÑOL",
    "votingStation": "IE LA CEIBA",
    "address": "CL 3 No. 4-15",
    "pollingTable": "7",
}
FOUND = Found("EL PEÑOL", "IE LA CEIBA", "7", "NARIÑO", "CL 3 No. 4-15")
PIECE = b" " * 50_000
PIECES = 400


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[str]:
    """Give the address of a service that answers so."""
    app = web.Application()
    app.router.add_get("/votacion", answer)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/votacion"
    finally:
        await runner.cleanup()


async def ask(url: str, *, hooks: LookupHooks | None = None, token: str = TOKEN, seconds: float = 20) -> Outcome:
    source = VerifikSource("verifik", url, token=token, timeout_seconds=seconds)
    return await source.lookup(hooks or LookupHooks(CEDULA))


async def found(_: web.Request) -> web.StreamResponse:
    """Answer with a voting place."""
    return web.json_response({"data": RECORD})


class Waiting:
    """An answer that never comes, and when it was asked for and given up."""

    def __init__(self) -> None:
        self.is_asked = asyncio.Event()
        self.is_given_up = asyncio.Event()

    async def answer(self, _: web.Request) -> web.StreamResponse:
        self.is_asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.is_given_up.set()
        raise AssertionError


def ask_at(loop: LoopThread, answer: Answer, *, seconds: float = 20, hooks: LookupHooks | None = None) -> Outcome:
    async def at_service() -> Outcome:
        async with serving(answer) as url:
            return await ask(url, hooks=hooks, seconds=seconds)

    return loop.run(at_service())


def test_the_question_is_as_documented(loop: LoopThread) -> None:
    asked = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append((request.method, dict(request.query), request.headers["Authorization"], request.headers["Accept"]))
        return web.json_response({"data": RECORD})

    assert ask_at(loop, answer) == FOUND
    query = {"documentType": "CC", "documentNumber": CEDULA}
    assert asked == [("GET", query, f"Bearer {TOKEN}", "application/json")]


def test_a_refused_connection_is_a_service_out_of_reach(loop: LoopThread) -> None:
    reason = "the service could not be reached (ClientConnectorError)"
    outcome = loop.run(ask("http://127.0.0.1:1/"))
    assert outcome == Failure(FailureKind.NETWORK_ERROR, reason, is_unreachable=True)


@pytest.mark.parametrize("url", ["", "votacion", "http://", "ftp://127.0.0.1/", "http://[::1"])
def test_an_address_that_is_none_is_a_service_out_of_reach(loop: LoopThread, url: str) -> None:
    outcome = loop.run(ask(url))
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.is_unreachable) == (FailureKind.NETWORK_ERROR, True)


def test_a_token_that_cannot_be_sent_is_a_failure(loop: LoopThread) -> None:
    async def at_service() -> Outcome:
        async with serving(found) as url:
            return await ask(url, token="a\r\nb")

    reason = "the exchange with the service broke off (ValueError)"
    assert loop.run(at_service()) == Failure(FailureKind.NETWORK_ERROR, reason)


@pytest.mark.parametrize("budget", [{"timeout_seconds": 0.2}, {"timeout_seconds": 50, "connect_seconds": 0.2}])
def test_a_connection_that_is_not_made_in_time_is_a_service_out_of_reach(
    loop: LoopThread, budget: dict[str, float]
) -> None:
    """One that says nothing when it should begin with TLS."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = VerifikSource("verifik", f"https://127.0.0.1:{silent.getsockname()[1]}/", token=TOKEN, **budget)
        outcome = loop.run(source.lookup(LookupHooks(CEDULA)), seconds=20)
    assert outcome == Failure(FailureKind.TIMEOUT, "the service could not be reached in time", is_unreachable=True)


def test_a_reply_that_does_not_come_in_time_is_not_out_of_reach(loop: LoopThread) -> None:
    outcome = ask_at(loop, Waiting().answer, seconds=0.3)
    assert outcome == Failure(FailureKind.TIMEOUT, "the service did not reply in time")


def test_a_reply_that_breaks_off_is_not_out_of_reach(loop: LoopThread) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(json.dumps({"data": RECORD}).encode())
        assert request.transport is not None
        request.transport.close()
        return response

    reason = "the exchange with the service broke off (ClientPayloadError)"
    assert ask_at(loop, answer) == Failure(FailureKind.NETWORK_ERROR, reason)


def test_what_is_not_http_is_not_out_of_reach(loop: LoopThread, caplog: pytest.LogCaptureFixture) -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 okay\r\n\r\n")
        await writer.drain()
        writer.close()

    async def at_babbler() -> Outcome:
        server = await asyncio.start_server(babble, "127.0.0.1", 0)
        async with server:
            return await ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")

    caplog.set_level(logging.DEBUG)
    reason = "the exchange with the service broke off (ClientResponseError)"
    assert loop.run(at_babbler()) == Failure(FailureKind.NETWORK_ERROR, reason)
    assert CEDULA not in caplog.text


def test_a_redirect_is_not_followed(loop: LoopThread) -> None:
    asked = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path_qs)
        raise web.HTTPFound("/votacion")

    outcome = ask_at(loop, answer)
    assert isinstance(outcome, Failure)
    assert outcome.reason == "the site answered text/plain instead of JSON (HTTP 302)"
    assert len(asked) == 1


def test_a_packed_reply_is_not_unpacked(loop: LoopThread) -> None:
    packer = zlib.compressobj(wbits=31)
    packed = b"".join(packer.compress(PIECE) for _ in range(PIECES)) + packer.flush()

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=packed, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})

    with watching() as peak:
        outcome = ask_at(loop, answer)
    assert isinstance(outcome, Failure)
    assert outcome.reason == "the site answered application/json instead of JSON (HTTP 200)"
    assert peak.growth < 5 * MEGABYTE


@pytest.mark.parametrize("has_length", [True, False])
def test_a_reply_of_20_megabytes_is_cut_off_and_does_not_fill_the_memory(loop: LoopThread, has_length: bool) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        if has_length:
            response.content_length = PIECES * len(PIECE)
        await response.prepare(request)
        with suppress(ConnectionError):
            for _ in range(PIECES) if has_length else count():
                await response.write(PIECE)
        return response

    with watching() as peak:
        outcome = ask_at(loop, answer)
    assert outcome == Failure(FailureKind.PARSE_ERROR, "the reply is too long (more than 2000000 bytes)")
    assert peak.growth < 12 * MEGABYTE


def test_the_token_is_in_no_evidence_although_the_reply_repeats_it(loop: LoopThread) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"padding": "x " * 9_900, "got": request.headers["Authorization"]}, status=401)

    outcome = ask_at(loop, answer)
    assert isinstance(outcome, Failure)
    assert "padding" in outcome.evidence
    assert "secreto" not in outcome.evidence
    assert "cabeza" not in outcome.evidence


def test_a_failure_keeps_its_whole_reply_so_that_it_can_be_read_again(loop: LoopThread) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"data": {**RECORD, "pollingTable": ""}})

    outcome = ask_at(loop, answer)
    assert isinstance(outcome, Failure)
    assert outcome.reader == "verifik 200 application/json"
    assert read_again(outcome.evidence.replace('""', '"7"'), outcome.reader, CEDULA) == FOUND


def test_a_reply_about_somebody_else_is_no_answer(loop: LoopThread) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        other = {"documentNumber": "900000002", "NUIP": "900000002"}
        return web.json_response({"data": {**RECORD, **other}, "got": request.headers["Authorization"]})

    outcome = ask_at(loop, answer)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.reason) == (FailureKind.PARSE_ERROR, "the result is about another number")


def test_it_is_told_that_the_question_has_left_before_the_reply_comes(loop: LoopThread) -> None:
    has_left = asyncio.Event()

    class Told(LookupHooks):
        def opened(self) -> None:
            has_left.set()

    async def answer(_: web.Request) -> web.StreamResponse:
        await has_left.wait()
        return web.json_response({"data": RECORD})

    assert ask_at(loop, answer, hooks=Told(CEDULA)) == FOUND


def test_nothing_leaves_before_the_gate_opens(loop: LoopThread) -> None:
    told = []

    class Told(LookupHooks):
        async def begin(self) -> str:
            await asyncio.sleep(0.05)
            told.append("gate")
            return await super().begin()

        def opened(self) -> None:
            told.append("opened")

    async def answer(_: web.Request) -> web.StreamResponse:
        told.append("asked")
        return web.json_response({"data": RECORD})

    ask_at(loop, answer, hooks=Told(CEDULA))
    assert told[0] == "gate"
    assert sorted(told[1:]) == ["asked", "opened"]


def test_a_cancelled_lookup_hangs_up(loop: LoopThread) -> None:
    async def cancel() -> None:
        waiting = Waiting()
        async with serving(waiting.answer) as url:
            task = asyncio.create_task(ask(url))
            await waiting.is_asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(waiting.is_given_up.wait(), 5)

    loop.run(cancel())
