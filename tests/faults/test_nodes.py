"""Several workers on one database, one of which is lost every few seconds and replaced: nobody notices."""

import time
from contextlib import ExitStack, suppress

import psutil
import pytest

from tests.faults.cluster import Cluster

pytestmark = [pytest.mark.processes, pytest.mark.faults]

NODES, LOSSES = 4, 3
PEOPLE = tuple(f"9009{number:02}100" for number in range(24))


def test_of_four_nodes_one_is_lost_every_eight_seconds_and_everybody_is_answered_once_at_the_pace(
    cluster: Cluster,
) -> None:
    cluster.register(*PEOPLE)
    with ExitStack() as started:
        nodes = [started.enter_context(cluster.command("worker")) for _ in range(NODES)]
        cluster.wait_for_captchas(2)
        for _ in range(LOSSES):
            lose(nodes.pop(0))
            nodes.append(started.enter_context(cluster.command("worker")))
            time.sleep(8)
        cluster.assert_each_answered_once(len(PEOPLE))

    assert "lost" in cluster.attempts(), cluster.described()


def lose(node: psutil.Process) -> None:
    """Kill a whole node at once, as a machine does that loses its power."""
    for process in [node, *node.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
