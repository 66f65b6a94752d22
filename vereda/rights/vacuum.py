"""What deleted rows leave in the files of a database: SQLite only. PostgreSQL's own vacuum sees to that by itself.

Every connection overwrites what it deletes (`secure_delete` in the settings). What is left is in the write-ahead log,
until it is emptied, and now and then a copy in a page that was rebalanced, until the file is written anew.
"""

import logging

from django.db import OperationalError, connection

logger = logging.getLogger(__name__)

_TIMEOUT_MS = 500


def empty_log() -> None:
    """Empty the write-ahead log, unless somebody else reads at the moment; the daily purge tries again."""
    _run(f"PRAGMA busy_timeout={_TIMEOUT_MS}", "PRAGMA wal_checkpoint(TRUNCATE)")


def rewrite() -> None:
    """Write the whole file anew, without what was deleted: half a second for 50,000 people, in which nobody writes."""
    _run("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")


def _run(*statements: str) -> None:
    if connection.vendor != "sqlite":
        return
    timeout_ms = int(1000 * connection.settings_dict["OPTIONS"].get("timeout", 5))
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except OperationalError as error:
        logger.warning("vacuum.failed error=%s", type(error).__name__)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout={timeout_ms}")
