"""How much memory a worker takes, and whether that grows: PSS of its processes at a practice census (Linux only).

PSS counts what processes share once, to each its part of it (`/proc/PID/smaps_rollup`); a MB is a million bytes.
"worker" is the Python process that looks people up, "driver" Playwright's Node process, "browser" all of Chromium, and
"cluster" the Python processes around it: watchdog, main process, guard, monitor, pusher. Whoever else runs the same
Chromium or Node takes a part as well: the last column counts their processes, and where it is not 0 the figures are too
small. Copies that BROWSER_EXECUTABLE and PLAYWRIGHT_NODEJS_PATH name are nobody else's.

First the moment of the highest sum while as many as may be are in flight and wait for captchas of 30 s; twice as many
people wait. Then a soak: people without captcha delay or noticeable pace, in five parts, each with a quiet moment at
its end. "busy" is the median of the samples while a part was looked up, "quiet" of five samples in that moment. The
browser is launched again after 200 pages: with 100 people a part the first and the last end in the same phase of one.
"""

import argparse
import statistics
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import psutil

from bench.common import Product, cedulas, machine, product, write_header, write_row

EVERY_SECONDS = 0.5
QUIET_SECONDS = 3
PARTS = 5


class Sample(NamedTuple):
    """PSS in MB at one moment."""

    worker: float = 0.0
    driver: float = 0.0
    browser: float = 0.0
    cluster: float = 0.0

    @property
    def lookup_side(self) -> float:
        """The process that looks people up, with what it has started."""
        return self.worker + self.driver + self.browser

    def cells(self) -> list[str]:
        """Return the columns of a table."""
        return [f"{part:.0f}" for part in (self.lookup_side, *self, sum(self))]


CELLS = ("worker + driver + browser (MB)", "worker", "driver", "browser", "cluster", "all (MB)")
OTHERS = "others' processes"


def pss(process: psutil.Process) -> float:
    """Return a process's PSS in MB; nothing for one that has just ended."""
    try:
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1_000_000 for line in rollup.splitlines() if line.startswith("Pss:")), 0)


def part_of(process: psutil.Process, workers: set[int]) -> str:
    """Return which part of a cluster a process is."""
    if process.pid in workers:
        return "worker"
    if parent_of_driver(process):
        return "driver"
    return "cluster" if process.name().startswith("python") else "browser"


def sample(watchdog: psutil.Process) -> Sample:
    """Measure all processes of a cluster."""
    sums = Sample()._asdict()
    family = [watchdog, *watchdog.children(recursive=True)]
    workers = set(map(parent_of_driver, family))
    for process in family:
        try:
            sums[part_of(process, workers)] += pss(process)
        except psutil.NoSuchProcess:
            continue
    return Sample(**sums)


def parent_of_driver(process: psutil.Process) -> int:
    """Return the parent's id if this is Playwright's driver, 0 for any other process."""
    try:
        return process.ppid() if Path(next(iter(process.cmdline()), "")).name == "node" else 0
    except psutil.NoSuchProcess:
        return 0


def other_processes(watchdog: psutil.Process) -> int:
    """Return how many processes that are none of this cluster's run the same browser or driver."""
    programs = {process.pid: process.info["exe"] or "" for process in psutil.process_iter(["exe"])}
    family = {process.pid for process in watchdog.children(recursive=True)}
    own = {exe for pid, exe in programs.items() if pid in family and not Path(exe).name.startswith("python")}
    return sum(exe in own - {""} and pid not in family for pid, exe in programs.items())


def middle(samples: Iterable[Sample]) -> Sample:
    """Return the median of each part."""
    return Sample(*map(statistics.median, zip(*samples, strict=True)))


def variables_of(in_flight: int, *, pace: float, poll: float) -> dict[str, str]:
    """Return the variables of a worker with so many in flight and such seconds."""
    return {
        "CENSUS_IN_FLIGHT": str(in_flight),
        "CENSUS_PACE_SECONDS": str(pace),
        "TWOCAPTCHA_POLL_SECONDS": str(poll),
    }


def measure_peak(in_flight: int, captcha_seconds: float) -> None:
    """Print the highest sums while as many as may be are in flight."""
    variables = variables_of(in_flight, pace=0.5, poll=5)
    with product(captcha_seconds=captcha_seconds, **variables) as measured:
        measured.register(cedulas(2 * in_flight))
        with measured.working() as [process]:
            watchdog = psutil.Process(process.pid)
            samples = [sample(watchdog) for _ in measured.until_final(every=EVERY_SECONDS)]
            others = other_processes(watchdog)
        write_header(f"{in_flight} in flight, captchas of {captcha_seconds:g} s", *CELLS, OTHERS)
        write_row("highest moment", *max(samples, key=sum).cells(), others)
        write_row("median of the run", *middle(samples).cells(), others)
        measured.write_complaints()


def soak(lookups: int, in_flight: int, pace: float) -> None:
    """Print the memory after each part of the lookups, and how much it has grown between the first and the last."""
    with (
        product(captcha_seconds=0, **variables_of(in_flight, pace=pace, poll=0.2)) as measured,
        measured.working() as [process],
    ):
        write_header("lookups", "a minute", "busy, all (MB)", *(f"quiet: {cell}" for cell in CELLS), OTHERS)
        watchdog, part = psutil.Process(process.pid), lookups // PARTS
        grown = [soak_part(measured, watchdog, part, number * part) for number in range(PARTS)]
        (first_busy, first), *_, (last_busy, last) = grown
        print(
            f"\ngrowth between {part} and {part * PARTS} lookups: quiet {sum(last) / sum(first) - 1:+.1%}, "
            f"busy {sum(last_busy) / sum(first_busy) - 1:+.1%}; "
            f"browser launches {measured.log().count('browser.launched')}; records {measured.statuses()}; {machine()}"
        )
        measured.write_complaints()


def soak_part(measured: Product, watchdog: psutil.Process, people: int, before: int) -> tuple[Sample, Sample]:
    """Have some people looked up, print a row, and return the memory while busy and quiet."""
    measured.practice.journal.clear()
    measured.register(cedulas(people, skip=before))
    busy = middle([sample(watchdog) for _ in measured.until_final(every=EVERY_SECONDS)])
    time.sleep(QUIET_SECONDS)
    quiet = middle([quiet_sample(watchdog) for _ in range(5)])
    pages, questions = measured.practice.journal.of("page"), measured.practice.journal.of("consulta")
    a_minute = 60 * people / (questions[-1].at - pages[0].at)
    write_row(before + people, f"{a_minute:.0f}", f"{sum(busy):.0f}", *quiet.cells(), other_processes(watchdog))
    return busy, quiet


def quiet_sample(watchdog: psutil.Process) -> Sample:
    """Wait a moment and measure."""
    time.sleep(EVERY_SECONDS)
    return sample(watchdog)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="150 lookups, captchas of 8 s")
    parser.add_argument("--lookups", type=int, default=500)
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--pace", type=float, default=0.05, help="seconds between two starts of the soak")
    options = parser.parse_args()
    measure_peak(options.in_flight, 8 if options.quick else 30)
    print()
    soak(150 if options.quick else options.lookups, options.in_flight, options.pace)


if __name__ == "__main__":
    main()
