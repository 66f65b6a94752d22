"""The pace: no two lookups start at a source closer than so many seconds, whatever the number of workers and hosts.

One row per source says from when the source is free. A slot is taken by one atomic statement, by the database's
clock. This is the only module with SQL of its own, because reading the clock differs between databases.
"""

from datetime import timedelta

from django.db import connection

from vereda.census.models import SourcePace

HORIZON_SECONDS = 20.0
"""A slot further away than this is not taken: the lookup goes back to the queue instead of holding a worker."""
HORIZON = timedelta(seconds=HORIZON_SECONDS)

MARGIN_SECONDS = 0.2
"""Added to the pace, and how late a start may be: two starts stay a pace apart although one of them woke late."""

_CLOCK = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "extract(epoch from clock_timestamp())::double precision",
}

# A free_at beyond what anybody could have reserved means that the clock jumped backwards: it counts as free.
_RESERVE = """
    UPDATE {table} SET free_at = CASE
        WHEN free_at BETWEEN {clock} AND {clock} + %(horizon)s + %(step)s THEN free_at ELSE {clock} END + %(step)s
    WHERE source = %(source)s AND NOT free_at BETWEEN {clock} + %(horizon)s AND {clock} + %(horizon)s + %(step)s
    RETURNING free_at - %(step)s - {clock}
"""


def reserve(source: str, pace_seconds: float) -> float | None:
    """Take the next slot at a source and return in how many seconds it begins.

    None when the next free slot is more than `HORIZON_SECONDS` away; then nothing was taken.
    """
    SourcePace.objects.get_or_create(source=source)
    statement = _RESERVE.format(table=SourcePace._meta.db_table, clock=_CLOCK[connection.vendor])
    values: dict[str, str | float] = {
        "source": source,
        "step": pace_seconds + MARGIN_SECONDS,
        "horizon": HORIZON_SECONDS,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return max(0.0, row[0]) if row else None
