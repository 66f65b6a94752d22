"""When slots of the pace were taken: noted by the database, by the clock of the very statement that takes one."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

TABLE = "CREATE TABLE slots_taken (taken_at double precision)"
TRIGGER = "CREATE TRIGGER note_slot AFTER UPDATE OF day_lookups ON census_sourcestate"
ON_SQLITE = "BEGIN INSERT INTO slots_taken VALUES ((julianday('now') - 2440587.5) * 86400.0); END"
ON_POSTGRESQL = "BEGIN INSERT INTO slots_taken VALUES (extract(epoch from clock_timestamp())); RETURN NULL; END"
NOTE_SLOTS = {
    "sqlite": (TABLE, f"{TRIGGER} {ON_SQLITE}"),
    "postgresql": (
        TABLE,
        f"CREATE FUNCTION note_slot() RETURNS trigger LANGUAGE plpgsql AS '{ON_POSTGRESQL}'",
        f"{TRIGGER} FOR EACH ROW EXECUTE FUNCTION note_slot()",
    ),
}
FORGET_SLOTS = {
    "sqlite": ("DROP TRIGGER note_slot", "DROP TABLE slots_taken"),
    "postgresql": ("DROP FUNCTION note_slot CASCADE", "DROP TABLE slots_taken"),
}


@contextmanager
def noted() -> Iterator[None]:
    """Have the database note every slot that is taken while the block lasts."""
    _run(NOTE_SLOTS)
    yield
    _run(FORGET_SLOTS)


def times_taken() -> list[float]:
    """Return when slots were taken, in seconds since the epoch, the first one first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT taken_at FROM slots_taken ORDER BY taken_at")
        return [taken_at for (taken_at,) in cursor.fetchall()]


def _run(statements: dict[str, tuple[str, ...]]) -> None:
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)
