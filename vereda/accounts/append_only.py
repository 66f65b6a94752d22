"""Triggers that refuse every UPDATE and DELETE of the audit trail: what databases spell differently.

A migration that makes the table anew (any change of a column on SQLite) drops them: it has to create them again.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "accounts_auditentry"
_REFUSAL = "the audit trail is append-only"

_CREATE = {
    "sqlite": [
        f"CREATE TRIGGER {TABLE}_{verb} BEFORE {verb} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        f"""CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        f"""CREATE TRIGGER {TABLE}_refuse BEFORE UPDATE OR DELETE ON {TABLE}
        FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()""",
    ],
}
_DROP = {
    "sqlite": [f"DROP TRIGGER IF EXISTS {TABLE}_{verb}" for verb in ("update", "delete")],
    "postgresql": [f"DROP TRIGGER IF EXISTS {TABLE}_refuse ON {TABLE}", f"DROP FUNCTION IF EXISTS {TABLE}_refuse()"],
}


def protect(connection: BaseDatabaseWrapper) -> None:
    _execute(connection, _CREATE)


def unprotect(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: for migrations, and for `flush`."""
    _execute(connection, _DROP)


def _execute(connection: BaseDatabaseWrapper, statements: dict[str, list[str]]) -> None:
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)
