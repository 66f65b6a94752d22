"""What a lookup costs besides waiting: its seconds and processor time with a warm browser and no captcha delay.

One line for each face of the census page and one for Verifik, each the best of a few rounds (`--rounds`), so that a
moment in which the machine did something else does not count. One lookup at a time, and only the source
(`vereda/census/sources/`): this process, the driver and Chromium. The practice site is a process of its own that is
not counted; it covers no form and solves captchas at once. Run it with: .venv/bin/python -m bench.overhead
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psutil

from bench.common import cedulas, machine, write_header, write_row
from practice import verifik
from practice.faces import PATHS
from tests.stack import ROOT
from vereda.census.sources.asking.browser import Browser
from vereda.census.sources.asking.captcha import TwoCaptcha
from vereda.census.sources.asking.page import CensusSource
from vereda.census.sources.asking.verifik import VerifikSource
from vereda.census.sources.port import Found, LookupHooks, Source

GOAL_SECONDS = 0.6
PRACTICE = ["-m", "practice", "--port", "0", "--captcha-seconds", "0", "--overlay-seconds", "0"]


class Cost(NamedTuple):
    """What lookups took: median and worst in seconds, and processor seconds each."""

    median: float
    worst: float
    processor: float


@contextmanager
def practice_site() -> Iterator[tuple[str, psutil.Process]]:
    """Give a practice site's origin and its process."""
    command = [sys.executable, *PRACTICE]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1].rstrip("/"), psutil.Process(process.pid)
        finally:
            process.terminate()


def sources_at(origin: str) -> dict[str, Source]:
    """Return what can be asked at the practice site, the pages with one browser between them."""
    browser, solver = Browser(), TwoCaptcha("practica", origin, poll_seconds=0.01)
    pages = {
        str(face): CensusSource("practice", origin + path, browser=browser, solver=solver)
        for face, path in PATHS.items()
    }
    api = VerifikSource("verifik", origin + verifik.PATH, token=verifik.TOKEN, timeout_seconds=90)
    return {**pages, api.name: api}


def processor_seconds(apart_from: psutil.Process) -> float:
    """Return what this process and its descendants have used so far, those that have ended included."""
    family = {psutil.Process(), *psutil.Process().children(recursive=True)} - {apart_from}
    return sum(sum(process.cpu_times()[:4]) for process in family)


async def take(source: Source, cedula: str) -> float:
    """Look somebody up and return the seconds it took."""
    started = time.perf_counter()
    outcome = await source.lookup(LookupHooks(cedula))
    assert isinstance(outcome, Found), outcome
    return time.perf_counter() - started


async def cost_of(source: Source, lookups: int, site: psutil.Process) -> Cost:
    """Warm up, and measure so many lookups."""
    first, *people = cedulas(lookups + 1)
    await take(source, first)
    used = processor_seconds(site)
    seconds = [await take(source, cedula) for cedula in people]
    used = processor_seconds(site) - used
    return Cost(statistics.median(seconds), max(seconds), used / lookups)


async def measure(sources: dict[str, Source], lookups: int, rounds: int, site: psutil.Process) -> None:
    """Measure all sources in turn, several times, and print the best of each."""
    cold = await take(next(iter(sources.values())), *cedulas(1))
    costs: dict[str, list[Cost]] = {name: [] for name in sources}
    for _ in range(rounds):
        for name, source in sources.items():
            costs[name].append(await cost_of(source, lookups, site))
    for source in sources.values():
        await source.close()
    write_header("asked", "median (s)", "worst (s)", "processor (s)", f"median at most {GOAL_SECONDS} s")
    for name, measured in costs.items():
        best = min(measured)
        write_row(name, *(f"{figure:.3f}" for figure in best), "yes" if best.median <= GOAL_SECONDS else "NO")
    print(f"\n{lookups} lookups a round, the best of {rounds} rounds; first of all, cold browser: {cold:.2f} s")
    print(machine())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lookups", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with practice_site() as (origin, site):
        asyncio.run(measure(sources_at(origin), options.lookups, options.rounds, site))


if __name__ == "__main__":
    main()
