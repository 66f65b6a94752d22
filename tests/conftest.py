"""What every test may ask for: the cast, and a client that refuses to write during a GET."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connection
from django.test import Client

from tests import make, queues
from tests.databases import Databases
from tests.homes import BOTH, IS_POSTGRESQL
from vereda.accounts.models import User

IS_SQLITE = project.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what is run on PostgreSQL and Redis as well."""
    if item.nodeid.startswith(BOTH):
        item.add_marker("homes")


@pytest.hookimpl(trylast=True)  # after pytest-randomly has shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files whose tests start processes: they mostly wait, and at the end they would run alone."""
    items.sort(key=lambda item: not any(map(item.get_closest_marker, ("processes", "faults"))))


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Databases that somebody has migrated already."""
    folder = tmp_path_factory.getbasetemp()
    return Databases(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
    databases: Databases,
) -> None:
    """Begin with a copy, on SQLite in a file: one in memory would be another one for every thread."""
    if IS_SQLITE:
        database = project.DATABASES["default"]
        name = tmp_path_factory.mktemp("database") / "test.sqlite3"
        databases.copy_migrated(name)
        database["TEST"] = {**database.get("TEST", {}), "NAME": str(name)}
    elif IS_POSTGRESQL:
        database = project.DATABASES["default"]
        database["TEST"] = {**database.get("TEST", {}), "TEMPLATE": databases.make_template()}


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Migrate the copy on, which changes nothing, in place of making it anew."""
    return IS_SQLITE


@pytest.fixture(autouse=True)
def plain_settings(settings: Any) -> None:
    """Static files without a collected manifest, and a hasher that does not slow every test down."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.WHITENOISE_AUTOREFRESH = True  # or the first request of each test would look at every static file
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def empty_redis() -> None:
    """Begin without the messages of the tests before, which no transaction takes back."""
    if project.REDIS_URL:
        queues.clear()


@pytest.fixture
def ana(db: None) -> User:
    """Coordinates: a superuser."""
    return make.person("Ana Peñaranda", is_superuser=True, is_staff=True)


@pytest.fixture
def beto(ana: User) -> User:
    """A leader, invited by Ana."""
    return make.leader("Beto Quiñones", referred_by=ana)


@pytest.fixture
def caro(beto: User) -> User:
    """Invited by Beto."""
    return make.person("Caro Bermúdez", referred_by=beto)


@pytest.fixture
def dani(ana: User) -> User:
    """Another leader."""
    return make.leader("Dani Restrepo", referred_by=ana)


@pytest.fixture
def eva(dani: User) -> User:
    """Invited by Dani."""
    return make.person("Eva D’Angelo", referred_by=dani)


WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class ReadOnlyOnGetClient(Client):
    """A test client whose GET may not write: a page that repairs things while it is looked at is a defect."""

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for a page and let no statement but reading ones through."""
        with _only_reading():
            return super().get(*args, **kwargs)


@contextmanager
def _only_reading() -> Iterator[None]:
    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        assert not sql.lstrip().upper().startswith(WRITES), f"a GET writes: {sql}"
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def client() -> Client:
    """Nobody, in a browser."""
    return ReadOnlyOnGetClient()


@pytest.fixture
def as_caro(client: Client, caro: User) -> Client:
    """Caro, logged in."""
    client.force_login(caro)
    return client
