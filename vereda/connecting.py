"""How long the product waits for its database and its Redis, so that it notices when one is away, and goes on later."""

from typing import Any

SQLITE = {
    "transaction_mode": "IMMEDIATE",  # a deferred one fails at once when it turns from reading to writing
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
    "PRAGMA secure_delete=ON;",  # who was erased is overwritten, too
}
POSTGRESQL = {
    "connect_timeout": 5,  # a host that drops packets would hold a request for minutes
    "keepalives": 1,  # notices that a reply will never come, because the other end or the network is gone
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # ms; notices the same while something is sent
}
LOCK_TIMEOUT = "-c lock_timeout=20s"  # as on SQLite
IDLE_TIMEOUT = "-c idle_in_transaction_session_timeout=60s"  # a process frozen in a transaction lets go of its locks


def database_options(engine: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a database; what its address gives wins."""
    if engine == "django.db.backends.sqlite3":
        return SQLITE
    if engine == "django.db.backends.postgresql":
        options = f"{LOCK_TIMEOUT} {IDLE_TIMEOUT} {given.get('options', '')}".rstrip()
        return {**POSTGRESQL, **given, "options": options}
    return given


def redis_options() -> dict[str, Any]:
    """Return the options of a Redis connection. A frozen Redis holds nobody for longer than three seconds."""
    from redis import ConnectionError as RedisConnectionError  # noqa: PLC0415 - slow, and only for who has a Redis
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    return {
        "socket_connect_timeout": 3,
        "socket_timeout": 3,  # longer than Django-Q2's blocking pop of 1 s
        "health_check_interval": 30,  # a connection that was idle for so long is tried before it is used
        # After a broken connection a new one, after a timeout nothing: its own default tries for half a minute.
        "retry": Retry(NoBackoff(), 1, (RedisConnectionError,)),
    }


def redis_pool(url: str) -> Any:
    """Return what every broker of a process takes its connections from."""
    from redis import ConnectionPool  # noqa: PLC0415

    return ConnectionPool.from_url(url, **redis_options())
