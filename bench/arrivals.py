"""How long people who arrive one by one wait, beyond what the pace and their captcha need.

Workers run as real processes and idle, with a browser that one person before has warmed; then somebody registers every
so many seconds, as at an event. A person's page may load when they have registered and a pace after the page before.
"late" is how much later it loaded; "beyond the captcha" is the time from the registration to the stored answer less the
captcha, for those who found a free slot when they came. Run it with: .venv/bin/python -m bench.arrivals

`--database postgres://… --redis redis://…` has the same on PostgreSQL and Redis: an empty database, and a Redis of the
bench's own.
"""

import argparse
import time
from datetime import datetime
from itertools import pairwise

from bench.common import Product, cedulas, machine, product, write_header, write_row

COLUMNS = ("workers", "people", "late, worst (s)", "late, median", "beyond the captcha, worst (s)", "median", "least gap (s)")


def arrive(measured: Product, people: list[str], *, every: float) -> list[float]:
    """Register these people, one every so many seconds; return when each did, in seconds since the epoch."""
    return [
        datetime.fromisoformat(str(moment)).timestamp()
        for moment, _ in measured.register_one_by_one(people, every=every)
    ]


def lateness(arrived: list[float], loaded: list[float], pace: float) -> list[float]:
    """Return by how many seconds each page loaded later than the pace allows after the page before."""
    allowed, late = [], []
    for arrival, load in zip(arrived, loaded, strict=True):
        allowed.append(max(arrival, loaded[len(allowed) - 1] + pace if allowed else arrival))
        late.append(load - allowed[-1])
    return late


def median(values: list[float]) -> float:
    """Return the middle value; 0 without any."""
    return sorted(values)[len(values) // 2] if values else 0.0
