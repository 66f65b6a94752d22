"""How long the product waits for a database or a Redis that does not answer."""

import socket
import time

import pytest
import redis

from vereda.connecting import SQLITE, database_options, redis_pool

POSTGRESQL = "django.db.backends.postgresql"


def test_a_frozen_redis_holds_nobody_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        broker = redis.Redis(connection_pool=redis_pool(f"redis://127.0.0.1:{frozen.getsockname()[1]}/0"))
        began = time.monotonic()
        with pytest.raises(redis.TimeoutError):
            broker.rpush("queue", "message")

    assert 1 < time.monotonic() - began < 6  # longer than Django-Q2's blocking pop


def test_a_connection_to_postgresql_gives_up_on_a_dead_network_and_on_held_locks() -> None:
    options = database_options(POSTGRESQL, {})

    assert options["connect_timeout"] == 5
    assert options["tcp_user_timeout"] == 15_000
    assert "lock_timeout=20s" in options["options"]


def test_what_the_address_of_a_database_says_wins() -> None:
    options = database_options(
        POSTGRESQL, {"connect_timeout": 1, "sslmode": "require", "options": "-c lock_timeout=5s"}
    )

    assert (options["connect_timeout"], options["sslmode"]) == (1, "require")
    assert options["options"].endswith("-c lock_timeout=5s")  # the last one counts


def test_sqlite_keeps_its_own_options() -> None:
    assert database_options("django.db.backends.sqlite3", {}) == SQLITE
