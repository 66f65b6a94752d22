"""A cluster for each test, and the check that nothing of it outlives the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from practice.server import PracticeServer
from tests.databases import Databases
from tests.faults.cluster import Cluster


@pytest.fixture
def practice() -> Iterator[PracticeServer]:
    """A practice census whose captchas take long enough to be in the middle of one."""
    with PracticeServer(captcha_seconds=3.0) as server:
        yield server


@pytest.fixture
def cluster(tmp_path: Path, practice: PracticeServer, databases: Databases) -> Iterator[Cluster]:
    """A product of the test's own; when its commands have stopped, no process of it is left."""
    made = Cluster(tmp_path, practice, databases)
    yield made
    left = made.processes()
    for process in left:
        process.kill()
    assert left == []
