"""How many people an hour are looked up when many register at once, as a share of what the pace allows.

Everybody waits before the workers start, which run as real processes with a cold browser. Measured one lookup at a
time (`CENSUS_IN_FLIGHT=1`), then with each number of workers on one database. Starts, and the gaps between them, are
the page loads that the practice census has seen. The pace has a margin of 2 % and counts from when a request is sent
(`vereda/census/gate.py`), so that a share of 98 % is the most there is. "whole" is the time from the workers' start to
the last answer stored, with the browser's start and the tail in which no page is opened any more. Run it with:
.venv/bin/python -m bench.lookups

`--quick` is the same at a tenth of the time: pace 0.5 s, captchas of 3 s, polled every 0.5 s. What a lookup takes
besides waiting does not shrink with it, so 16 are in flight instead of 8. Neither do the delays of a busy machine, but
the pace's margin does, from 100 ms to 10: two pages may then arrive less than a pace apart.
"""

import argparse
import time
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from bench.common import Product, cedulas, machine, product, write_header, write_row
from practice.journal import Entry


class Scale(NamedTuple):
    """The seconds of the pace, of a captcha and between two questions for it, and the lookups in flight at once."""

    pace: float
    captcha: float
    poll: float
    in_flight: int


FULL = Scale(pace=5, captcha=30, poll=5, in_flight=8)
QUICK = Scale(pace=0.5, captcha=3, poll=0.5, in_flight=16)
COLUMNS = (
    "configuration",
    "people",
    "starts/h",
    "of the pace",
    "answers/h",
    "of the pace",
    "whole (s)",
    "least gap (s)",
    "page loads",
    "captchas a person",
    "outcomes",
)


def rate(moments: list[float]) -> float:
    """Return how many an hour it was between the first moment and the last."""
    return 3600 * (len(moments) - 1) / (moments[-1] - moments[0]) if len(moments) > 1 else 0.0


def least_gap(moments: list[float]) -> float:
    """Return the seconds between the two moments closest to each other."""
    return min((later - earlier for earlier, later in pairwise(moments)), default=0.0)


def starts_of(entries: list[Entry]) -> list[float]:
    """Return when these reached the site, in seconds."""
    return sorted(entry.at for entry in entries)


def answers_of(measured: Product) -> list[float]:
    """Return when each attempt ended, in seconds."""
    ended = measured.rows("select ended_at, id from census_lookupattempt")
    return sorted(datetime.fromisoformat(moment).timestamp() for moment, _ in ended)


def measure(name: str, scale: Scale, *, people: int, workers: int) -> None:
    """Register people, have them looked up, and print what it took."""
    variables = {
        "CENSUS_PACE_SECONDS": str(scale.pace),
        "CENSUS_IN_FLIGHT": str(scale.in_flight),
        "TWOCAPTCHA_POLL_SECONDS": str(scale.poll),
    }
    with product(captcha_seconds=scale.captcha, **variables) as measured:
        measured.register(cedulas(people))
        started = time.monotonic()
        with measured.working(workers):
            for _ in measured.until_final():
                pass
            seconds = time.monotonic() - started
        write_figures(name, scale, measured, people=people, seconds=seconds)
        measured.write_complaints()


def write_figures(name: str, scale: Scale, measured: Product, *, people: int, seconds: float) -> None:
    """Print one row."""
    journal = measured.practice.journal
    starts, answers = starts_of(journal.of("page")), answers_of(measured)
    most = 3600 / scale.pace
    write_row(
        name,
        people,
        f"{rate(starts):.0f}",
        f"{rate(starts) / most:.1%}",
        f"{rate(answers):.0f}",
        f"{rate(answers) / most:.1%}",
        f"{seconds:.1f}",
        f"{least_gap(starts):.3f}",
        len(starts),
        f"{len(journal.of('captcha_task')) / people:.2f}",
        measured.outcomes(),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the time")
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--alone", type=int, default=6, help="people of the measurement one at a time; 0 leaves it out")
    parser.add_argument("--workers", default="1,2", help="numbers of workers, each measured for itself (default 1,2)")
    options = parser.parse_args()
    scale = QUICK if options.quick else FULL
    print("pace {} s, captcha {} s polled every {} s, {} in flight a worker\n".format(*scale), flush=True)
    write_header(*COLUMNS)
    if options.alone:
        measure("one at a time", scale._replace(in_flight=1), people=options.alone, workers=1)
    for workers in map(int, options.workers.split(",")):
        measure(f"{workers} worker{'s' * (workers > 1)}", scale, people=options.people, workers=workers)
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
