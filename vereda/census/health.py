"""Can the service work at all? For `/salud/`; `doctor.py` looks closer."""

from django.db import DatabaseError, connection


def is_database_up() -> bool:
    """Whether the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
