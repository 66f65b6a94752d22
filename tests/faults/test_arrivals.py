"""People who come one by one do not wait for each other."""

from collections.abc import Iterator

import pytest

from practice.server import PracticeServer
from tests.faults.cluster import Cluster
from tests.stack import manage

pytestmark = [pytest.mark.processes, pytest.mark.faults]

FIVE = [f"900800{number}00" for number in range(1, 6)]
COME = """
import time
from tests import make
for cedula in {cedulas}:
    make.person("Nora Sinisterra", cedula=cedula)
    time.sleep(1)
"""


@pytest.fixture
def practice() -> Iterator[PracticeServer]:
    """A practice census whose captchas take much longer than the pace."""
    with PracticeServer(captcha_seconds=10.0) as server:
        yield server


def test_whoever_comes_while_others_wait_for_their_captcha_is_asked_about_at_the_next_slot(cluster: Cluster) -> None:
    with cluster.command("worker"):
        cluster.wait_for_a_beat()
        manage(cluster.environment, "shell", "--no-imports", "-c", COME.format(cedulas=FIVE))
        cluster.assert_each_answered_once(5)

    kinds = [entry.kind for entry in cluster.practice.journal if entry.kind in {"page", "consulta"}]
    assert kinds.index("consulta") >= 3, cluster.described()
