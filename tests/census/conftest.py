"""What tests with an engine or with real worker processes share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from practice.server import PracticeServer
from tests.census.slots import noted
from tests.census.worker.engines import WatchedEngine
from tests.databases import Databases
from tests.stack import environment_for
from vereda.census.sources.port import Source


@pytest.fixture
def practice() -> Iterator[PracticeServer]:
    """A practice census of the test's own."""
    with PracticeServer() as server:
        yield server


@pytest.fixture
def environment(tmp_path: Path, practice: PracticeServer, databases: Databases) -> dict[str, str]:
    """Variables of a product with an empty, migrated database that asks the practice census."""
    variables = environment_for(tmp_path, practice)
    databases.prepare(variables)
    return variables


@pytest.fixture
def slots_taken(transactional_db: None) -> Iterator[None]:
    """Have the database note when each slot is taken."""
    with noted():
        yield


class Start(Protocol):
    """Starts an engine at sources."""

    def __call__(self, *sources: Source) -> WatchedEngine: ...


@pytest.fixture
def start(transactional_db: None, settings: Any) -> Iterator[Start]:
    """Start an engine at sources, with a short pace; whatever is in flight at the end is given back."""
    settings.CENSUS_PACE_SECONDS = [0.1]
    started: list[WatchedEngine] = []

    def start(*sources: Source) -> WatchedEngine:
        started.append(WatchedEngine(*sources))
        return started[-1]

    yield start
    for engine in started:
        if engine._thread.is_alive():
            engine.close(grace_seconds=0)
