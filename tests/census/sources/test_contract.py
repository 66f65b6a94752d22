"""What every source keeps to: the fake as much as the one with a browser and the one without."""

import asyncio
from decimal import Decimal
from typing import Literal

import pytest

from practice.moods import MOODS
from practice.server import PracticeServer
from tests.census.sources.asking.loop import LoopThread
from tests.census.sources.conftest import MakeSource, Practised
from tests.census.sources.fake import FakeSource
from vereda.census.sources.asking.verifik import VerifikSource
from vereda.census.sources.port import Cancelled, Failure, Found, LookupHooks, Source

UNTIMED = [mood.example for mood in MOODS if mood.ending not in {"94", "90", "79"}]


@pytest.fixture(params=["fake", "practice", "verifik"])
def source(request: pytest.FixtureRequest, make_source: MakeSource, site: PracticeServer) -> Source:
    match request.param:
        case "fake":
            return FakeSource()
        case "practice":
            return make_source()
    return VerifikSource("verifik", site.verifik_url, token="practica", timeout_seconds=30)


class Notes(LookupHooks):
    """Remembers what it was told."""

    def __init__(self) -> None:
        super().__init__("19000001")
        self.told: list[str] = []

    async def begin(self) -> str:
        self.told.append("begin")
        return await super().begin()

    def opened(self) -> None:
        self.told.append("opened")

    async def captcha_started(self, task_id: str) -> None:
        self.told.append("captcha started")

    async def captcha_solved(self, seconds: float, cost: Decimal) -> None:
        self.told.append("captcha solved")

    async def captcha_dropped(self) -> None:
        self.told.append("captcha dropped")


class Refusing(LookupHooks):
    """Does not let anything be opened."""

    def __init__(self, error: type[BaseException]) -> None:
        super().__init__("19000001")
        self._error = error

    async def begin(self) -> str:
        raise self._error


def test_an_ordinary_cedula_is_found(loop: LoopThread, source: Source) -> None:
    outcome = loop.run(source.lookup(LookupHooks("19000001")))
    assert isinstance(outcome, Found)
    assert all((outcome.municipio, outcome.puesto, outcome.mesa))


@pytest.mark.parametrize("cedula", UNTIMED)
def test_the_fake_brings_what_the_practice_site_would(loop: LoopThread, practised: Practised, cedula: str) -> None:
    real = practised(cedula)
    fake = loop.run(FakeSource().lookup(LookupHooks(cedula)))
    assert fake.status == real.status
    if isinstance(real, Cancelled) and isinstance(fake, Cancelled):
        assert fake.novedad == real.novedad
    if isinstance(real, Failure) and isinstance(fake, Failure):
        assert fake.reason == real.reason


def test_the_same_cedula_gets_the_same_answer(loop: LoopThread, source: Source) -> None:
    first = loop.run(source.lookup(LookupHooks("19000002")))
    assert loop.run(source.lookup(LookupHooks("19000002"))) == first


def test_it_begins_once_and_first_and_used_at_once(loop: LoopThread, source: Source) -> None:
    notes = Notes()
    loop.run(source.lookup(notes))
    assert notes.told[:2] == ["begin", "opened"]
    assert (notes.told.count("begin"), notes.told.count("opened")) == (1, 1)


def test_the_captcha_is_told_about_in_order(loop: LoopThread, make_source: MakeSource) -> None:
    notes = Notes()
    loop.run(make_source().lookup(notes))
    assert notes.told == ["begin", "opened", "captcha started", "captcha solved", "captcha dropped"]


@pytest.mark.parametrize("error", [ZeroDivisionError, TimeoutError, asyncio.CancelledError])
def test_what_a_hook_raises_passes(loop: LoopThread, source: Source, error: type[BaseException]) -> None:
    async def look_up() -> Literal["passed"]:
        with pytest.raises(error):
            await source.lookup(Refusing(error))
        return "passed"

    assert loop.run(look_up()) == "passed"


def test_cancellation_passes(loop: LoopThread, source: Source) -> None:
    class Waiting(LookupHooks):
        async def begin(self) -> str:
            is_waiting.set()
            await asyncio.Event().wait()
            return await super().begin()

    async def cancel() -> None:
        task = asyncio.create_task(source.lookup(Waiting("19000001")))
        await is_waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    is_waiting = asyncio.Event()
    loop.run(cancel())


def test_lookups_overlap(loop: LoopThread, source: Source) -> None:
    async def all_at_once() -> list[str]:
        cedulas = ("19000001", "19000084", "19000096", "19000095", "19000002")
        outcomes = await asyncio.gather(*(source.lookup(LookupHooks(cedula)) for cedula in cedulas))
        return [outcome.status for outcome in outcomes]

    assert loop.run(all_at_once()) == ["found", "parse_error", "not_found", "blocked", "found"]


def test_a_check_names_the_source(loop: LoopThread, source: Source) -> None:
    assert loop.run(source.check()).startswith(f"{source.name}: ")


def test_closing_twice_is_safe(loop: LoopThread) -> None:
    source = FakeSource()
    loop.run(source.close())
    loop.run(source.close())
    assert source.is_closed


def test_the_fake_answers_what_it_was_given_and_remembers_who_was_asked_for(loop: LoopThread) -> None:
    answer = Cancelled("Baja por trashumancia")
    source = FakeSource({"19000001": answer})
    assert loop.run(source.lookup(LookupHooks("19000001"))) == answer
    assert loop.run(source.lookup(LookupHooks("19000096"))).status == "not_found"
    assert source.started == ["19000001", "19000096"]


def test_the_fake_waits_at_its_gate(loop: LoopThread) -> None:
    async def through_the_gate() -> None:
        gate = asyncio.Event()
        source = FakeSource(gate=gate)
        task = asyncio.create_task(source.lookup(LookupHooks("19000001")))
        done, _ = await asyncio.wait([task], timeout=0.05)
        assert not done
        assert source.started == ["19000001"]
        gate.set()
        assert (await task).status == "found"

    loop.run(through_the_gate())
