"""What seeing, erasing and purging cost with 50,000 people, their consents and 10,000 open sessions.

The database is that of `bench/pages.py`. Run it with: .venv/bin/python -m bench.erasure
"""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from bench import pages
from bench.common import machine, write_header, write_row

SESSIONS = 10_000


def log_in_many() -> None:
    """Leave open sessions of so many people, each with a number that was searched for."""
    from vereda.accounts.sessions import PersonSession, SessionStore  # noqa: PLC0415 - after the database has its address

    store, until = SessionStore(), timezone.now() + timedelta(days=10)
    ids = pages.model("accounts.User").objects.values_list("pk", flat=True)[:SESSIONS]
    packed = store.encode({"searched_numbers": {"a": "1234567"}})
    PersonSession.objects.bulk_create(
        (PersonSession(session_key=f"{pk}", person_id=pk, expire_date=until, session_data=packed) for pk in ids),
        batch_size=1000,
    )


def measure(what: str, work: Callable[[], Any]) -> None:
    """Print how long something takes."""
    began = time.perf_counter()
    work()
    write_row(what, f"{time.perf_counter() - began:.2f}")


def main() -> None:
    """Fill a database and print what it costs."""
    print(machine())
    with pages.product():
        from vereda.rights import erasure, held, retention  # noqa: PLC0415 - see above

        pages.begin()
        pages.fill(0, 25_000)
        log_in_many()
        users = pages.model("accounts.User").objects
        person, leader = users.filter(role="USER")[100], users.get(cedula=pages.BETO)
        write_header("what", "seconds")
        measure("all that is held about a person", lambda: held.as_json(held.held_of(person)))
        measure("erasing a person", lambda: erasure.erase(person=person, actor=person, now=timezone.now()))
        measure("erasing a leader of 25,000", lambda: erasure.erase(person=leader, actor=leader, now=timezone.now()))
        measure("the daily purge after that", lambda: retention.purge(now=timezone.now()))
        print(f"{os.path.getsize(connection.settings_dict['NAME']) / 1e6:.0f} MB")  # noqa: PTH202


if __name__ == "__main__":
    main()
