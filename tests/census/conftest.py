"""What tests with real worker processes share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from practice.server import PracticeServer
from tests.stack import environment_for, manage


@pytest.fixture
def practice() -> Iterator[PracticeServer]:
    """A practice census of the test's own."""
    with PracticeServer() as server:
        yield server


@pytest.fixture
def environment(tmp_path: Path, practice: PracticeServer) -> dict[str, str]:
    """Variables of a product with an empty, migrated database that asks the practice census."""
    variables = environment_for(tmp_path, practice)
    manage(variables, "migrate", "--verbosity", "0")
    return variables
