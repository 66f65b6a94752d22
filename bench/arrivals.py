"""How long people who arrive one by one wait, beyond what the pace and their captcha need.

Workers run as real processes; one person before has started a browser in each. Then somebody registers every so many
seconds, as at an event. A page may load once its person has registered, a pace after the page before: "late" is how
much later it loads. "more than the captcha" is the time from the registration to the stored answer, less the captcha,
for those who found a free slot when they came. Run it with: .venv/bin/python -m bench.arrivals

`--database postgres://… --redis redis://…` measures the same there: the database must be empty, and the Redis the
bench's own.
"""

import argparse
import time
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median

from bench.common import Product, cedulas, machine, product, write_header, write_row

CAPTCHA, PACE, EVERY = 25.0, 5.0, 2.0
COLUMNS = (
    "workers",
    "people",
    "late: worst (s)",
    "median",
    "more than the captcha: worst (s)",
    "median",
    "found a free slot",
    "least gap (s)",
    "outcomes",
)


def answered(measured: Product) -> list[float]:
    """Return when each person's answer was stored, in seconds since the epoch, in the order of registration."""
    rows = measured.rows("select fetched_at, user_id from census_cedulainfo order by user_id")
    return [datetime.fromisoformat(str(moment)).replace(tzinfo=UTC).timestamp() for moment, _ in rows]


def loaded(measured: Product) -> list[float]:
    """Return when each page load reached the site, in seconds since the epoch."""
    since_epoch = time.time() - time.monotonic()
    return sorted(entry.at + since_epoch for entry in measured.practice.journal.of("page"))


def allowed(arrivals: list[float], loads: list[float]) -> list[float]:
    """Return when each page could have loaded at the earliest."""
    before = [0.0, *(load + PACE for load in loads)]
    return [max(pair) for pair in zip(arrivals, before, strict=False)]


def measure(workers: int, people: int, **variables: str) -> None:
    """Let people arrive, and print how long they waited."""
    with product(captcha_seconds=CAPTCHA, CENSUS_PACE_SECONDS=str(PACE), **variables) as measured:
        with measured.working(workers):
            measured.register(cedulas(workers))
            for _ in measured.until_final():
                pass
            measured.practice.journal.clear()
            time.sleep(PACE)
            arrivals = measured.register_one_by_one(cedulas(people, skip=workers), every=EVERY)
            for _ in measured.until_final():
                pass
        loads, answers = loaded(measured), answered(measured)[workers:]
        earliest = allowed(arrivals, loads)
        late = [load - moment for load, moment in zip(loads, earliest, strict=True)]
        waits = [
            answer - arrival - CAPTCHA
            for arrival, moment, answer in zip(arrivals, earliest, answers, strict=True)
            if moment == arrival
        ]
        gaps = [later - earlier for earlier, later in pairwise(loads)]
        write_row(
            workers,
            people,
            *(f"{value:.2f}" for value in (max(late), median(late), max(waits), median(waits))),
            len(waits),
            f"{min(gaps):.3f}",
            measured.outcomes(),
        )
        measured.write_complaints()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--workers", default="1,2", help="numbers of workers, each measured for itself (default 1,2)")
    parser.add_argument("--database", default="", help="address of an empty PostgreSQL database")
    parser.add_argument("--redis", default="", help="address of a Redis of the bench's own")
    options = parser.parse_args()
    variables = {"DATABASE_URL": options.database, "REDIS_URL": options.redis}
    print(f"one every {EVERY:g} s, captcha {CAPTCHA:g} s, pace {PACE:g} s\n", flush=True)
    write_header(*COLUMNS)
    for workers in map(int, options.workers.split(",")):
        measure(workers, options.people, **{name: value for name, value in variables.items() if value})
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
