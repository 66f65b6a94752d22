"""Whether a login takes as long for a cédula that nobody has as for one with a wrong password.

Wrong logins through the whole stack but the network (Django's test client, every middleware, a SQLite file), with the
product's own hasher: of people who are there, of people who may not log in any more, and of nobody, one after the other
in turn, each cédula once. Prints a table, and ends with status 1 when two medians differ by 10 % or more. Run it with:
.venv/bin/python -m bench.logins
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import django

from bench.common import machine, write_header, write_row

PASSWORD = "un-sendero-largo"
KINDS = ("known", "inactive", "unknown")
MOST_DIFFERENCE = 0.10


def prepare(folder: Path, count: int) -> None:
    """Load Django on a database of its own, with so many people who may log in and so many who may not."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="vereda.settings",
        DATABASE_URL=f"sqlite:///{folder}/vereda.sqlite3",
        LOGIN_FAILURES_WIDE="1000000",  # all come from one address
    )
    django.setup()
    from django.conf import settings  # noqa: PLC0415 - Django must be loaded first
    from django.contrib.auth.hashers import make_password  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.test.utils import setup_test_environment  # noqa: PLC0415

    from vereda.accounts.models import User  # noqa: PLC0415

    settings.STATIC_ROOT = folder / "static"
    settings.STATIC_ROOT.mkdir()
    call_command("collectstatic", interactive=False, verbosity=0)
    setup_test_environment()
    call_command("migrate", verbosity=0)
    hashed = make_password(PASSWORD)
    for kind in ("known", "inactive"):
        for number in range(count):
            cedula, is_active = cedula_of(kind, number), kind == "known"
            User.objects.create(cedula=cedula, full_name="Nora", password=hashed, is_active=is_active)


def cedula_of(kind: str, number: int) -> str:
    """Return the cédula of one of a kind."""
    return f"900{KINDS.index(kind) + 1}{number:05}"


def measure(count: int) -> dict[str, list[float]]:
    """Return the milliseconds of each login."""
    from django.test import Client  # noqa: PLC0415

    client = Client()
    taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(count):
        for kind in KINDS:
            form = {"username": cedula_of(kind, number), "password": "no-es-esta"}
            started = time.perf_counter()
            answer = client.post("/ingresar/", form)
            taken[kind].append(1000 * (time.perf_counter() - started))
            assert answer.status_code == 200, answer.status_code
    return taken


def main() -> int:
    """Measure, print and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logins", type=int, default=200, help="of each kind")
    count = parser.parse_args().logins
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), count)
        taken = measure(count)
    medians = {kind: statistics.median(values) for kind, values in taken.items()}
    write_header("wrong login of", "logins", "median", "95 % under", "beside a known one")
    for kind, values in taken.items():
        beside = medians[kind] / medians["known"] - 1
        slow = statistics.quantiles(values, n=20)[-1]
        write_row(kind, len(values), f"{medians[kind]:.1f} ms", f"{slow:.1f} ms", f"{beside:+.1%}")
    print(machine())
    return int(max(medians.values()) / min(medians.values()) - 1 >= MOST_DIFFERENCE)


if __name__ == "__main__":
    sys.exit(main())
