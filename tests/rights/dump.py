"""Everything that a database holds, as text, with what is packed in it unpacked."""

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django_q.models import Task

from tests.queues import messages
from vereda.accounts.models import PersonSession, User
from vereda.lib.text import fold


def traces_of(person: User) -> set[str]:
    """Return every form in which somebody's name, cédula and phone may be written down."""
    national = person.phone.removeprefix("+57")
    plain = {person.full_name, fold(person.full_name), person.cedula, person.cedula_dotted, person.phone, national}
    spaced = {person.phone_spaced, f"{national[:3]} {national[3:6]} {national[6:]}"}
    escaped = {json.dumps(text)[1:-1] for text in plain}
    return {form for form in plain | spaced | escaped if form}


def found_in(text: str, traces: set[str]) -> set[str]:
    """Return which of somebody's traces stand in a text, whatever the case."""
    return {trace for trace in traces if trace.casefold() in text.casefold()}


def dump() -> str:
    """Return every cell of every table, and what sessions, messages and results of the queue have packed in them."""
    return "\n".join([*_cells(), *_unpacked()])


def _cells() -> Iterator[str]:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                yield f"{table}: {' | '.join(map(str, row))}"


def _unpacked() -> Iterator[str]:
    for session in PersonSession.objects.all():
        yield f"session: {_plain(session.get_decoded())}"
    for message in messages():
        yield f"message: {message}"
    for task in Task.objects.all():
        yield f"result: {task.args} {task.kwargs} {task.result}"


def _plain(value: Any) -> str:
    """Return a value as text without escapes, messages that are kept as JSON included."""
    return json.dumps(value, ensure_ascii=False).replace("\\\\", "\\").encode().decode(
        "unicode_escape", "replace"
    ) + str(value)
