"""A site that sends without end: the reply is given up in time, whatever the face and however it is packed."""

import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest
from aiohttp import web

from practice.site import Face
from tests.census.sources.asking.loop import LoopThread
from tests.census.sources.asking.processes import drivers
from tests.census.sources.asking.stub_faces import stub_face
from tests.census.sources.conftest import MakeSource
from tests.census.sources.reading.replies import CEDULA, FOUND
from vereda.census.sources.asking.browser import Browser
from vereda.census.sources.port import Failure, FailureKind, LookupHooks, Outcome

MEGABYTE = 1_000_000
LENGTH = 20 * MEGABYTE
PIECE = b"x" * 50_000
HEADS = {
    Face.AJAX: b'{"success":true,"data":{"message":"' + FOUND.encode(),
    Face.HTML: f"<!DOCTYPE html><html><body><div id=success>{FOUND}</div>".encode(),
    Face.JSON: b'{"ok":true,"encontrado":true,"data":{"nom_mun":"A","nom_puesto":"B","mesa":1,"direccion":"',
}

type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def pieces(face: Face, packing: str) -> Iterator[bytes]:
    """Give a good beginning and 20 MB behind it, or, endlessly, more and more."""
    yield HEADS[face]
    while packing == "endless":
        yield PIECE
    for _ in range(LENGTH // len(PIECE)):
        yield PIECE


def long_reply(face: Face, packing: str) -> Answer:
    """Make what answers with too much."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        if packing == "length":
            response.content_length = len(HEADS[face]) + LENGTH
        if packing == "gzip":
            response.enable_compression(web.ContentCoding.gzip)
        await response.prepare(request)
        with suppress(ConnectionError):
            for piece in pieces(face, packing):
                await response.write(piece)
        return response

    return answer


@pytest.fixture(scope="module")
def shared_browser(loop: LoopThread) -> Iterator[Browser]:
    """These tests' own: one that is renewed after many other lookups would have another driver meanwhile."""
    browser = Browser()
    yield browser
    loop.run(browser.close())


class Peak:
    """The most memory that some processes had together, beyond what they had at first. Bytes."""

    def __init__(self) -> None:
        self.growth = 0
        self.first = self._now()

    def look(self) -> None:
        self.growth = max(self.growth, self._now() - self.first)

    @staticmethod
    def _now() -> int:
        total = psutil.Process().memory_info().rss
        for pid in drivers():
            with suppress(psutil.Error):
                total += psutil.Process(pid).memory_info().rss
        return total


@contextmanager
def watching() -> Iterator[Peak]:
    """Watch the memory of this process and the browser's driver, ten times a second and more."""
    peak, is_done = Peak(), threading.Event()

    def watch() -> None:
        while not is_done.wait(0.02):
            peak.look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        is_done.set()
        thread.join()


@pytest.mark.parametrize("face", list(Face))
@pytest.mark.parametrize("packing", ["length", "endless", "gzip"])
def test_a_reply_of_20_megabytes_is_cut_off_and_does_not_fill_the_memory(
    loop: LoopThread, make_source: MakeSource, face: Face, packing: str
) -> None:
    async def at_site() -> Outcome:
        async with stub_face(face, long_reply(face, packing)).listening() as url:
            return await make_source(url).lookup(LookupHooks(CEDULA))

    loop.run(make_source().lookup(LookupHooks(CEDULA)))
    with watching() as peak:
        outcome = loop.run(at_site())
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.PARSE_ERROR
    assert outcome.reason == "the reply is too long (more than 2000000 bytes)"
    assert peak.growth < 12 * MEGABYTE
