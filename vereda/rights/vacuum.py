"""Removing deleted rows from the database's files. SQLite only: PostgreSQL has autovacuum.

Every connection overwrites deleted rows (`secure_delete` in the settings). Copies stay in the write-ahead log until it
is truncated, and sometimes in a rebalanced page until the file is rewritten.
"""

import logging

from django.db import OperationalError, connection

logger = logging.getLogger(__name__)

_TIMEOUT_MS = 500


def empty_log() -> None:
    """Truncate the write-ahead log, unless another connection reads at the moment; the daily purge tries again."""
    _run(f"PRAGMA busy_timeout={_TIMEOUT_MS}", "PRAGMA wal_checkpoint(TRUNCATE)")


def rewrite() -> None:
    """Rewrite the whole file (VACUUM). It takes half a second for 50,000 people, in which nobody can write."""
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
