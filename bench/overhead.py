"""What a lookup costs besides waiting: its seconds and processor time with a warm browser and no captcha delay.

One at a time, and only the source (`vereda/census/sources/`): this process, the driver and Chromium. The practice
census is a process of its own that is not counted. Run it with: .venv/bin/python -m bench.overhead
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from bench.common import cedulas, machine
from practice.ajax import PATH
from tests.stack import ROOT
from vereda.census.sources.build import build_source
from vereda.census.sources.config import SourceConfig
from vereda.census.sources.port import Found, LookupHooks, Source


@contextmanager
def practice_site() -> Iterator[tuple[str, psutil.Process]]:
    """Give a practice site's origin and its process."""
    command = [sys.executable, "-m", "practice", "--port", "0", "--captcha-seconds", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1].rstrip("/"), psutil.Process(process.pid)
        finally:
            process.terminate()


def processor_seconds(apart_from: psutil.Process) -> float:
    """Return what this process and its descendants have used so far, those that have ended included."""
    family = {psutil.Process(), *psutil.Process().children(recursive=True)} - {apart_from}
    return sum(sum(process.cpu_times()[:4]) for process in family)


async def take(source: Source, cedula: str) -> float:
    """Look somebody up and return the seconds it took."""
    started = time.perf_counter()
    outcome = await source.lookup(cedula, LookupHooks())
    assert isinstance(outcome, Found), outcome
    return time.perf_counter() - started


async def measure(source: Source, lookups: int, site: psutil.Process) -> None:
    """Warm the browser up, measure, and print."""
    cold, *people = cedulas(lookups + 1)
    cold_seconds = await take(source, cold)
    used = processor_seconds(site)
    seconds = [await take(source, cedula) for cedula in people]
    used = processor_seconds(site) - used
    await source.close()
    print(
        f"besides waiting, {lookups} lookups: median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s; "
        f"{used / lookups:.2f} s of processor time each (first one, cold browser: {cold_seconds:.2f} s); "
        f"{machine()}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lookups", type=int, default=30)
    lookups = parser.parse_args().lookups
    with practice_site() as (origin, site):
        source = build_source(
            SourceConfig(
                "practice",
                origin + PATH,
                captcha_solver="2captcha",
                captcha_key="practica",
                captcha_url=origin,
                captcha_poll_seconds=0.01,
            )
        )
        asyncio.run(measure(source, lookups, site))


if __name__ == "__main__":
    main()
