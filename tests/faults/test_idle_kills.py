"""SIGKILL of one process of a cluster that has nothing to do: it works again by itself."""

from collections.abc import Callable

import psutil
import pytest

from tests.faults.cluster import Cluster, Roles, kill, roles_below

pytestmark = [pytest.mark.processes, pytest.mark.faults]

THREE = ("900600100", "900600200", "900600300")


@pytest.mark.parametrize(
    "victim",
    [lambda roles: roles.worker, lambda roles: roles.monitor, lambda roles: roles.sentinel, lambda roles: roles.pusher],
    ids=["worker", "monitor", "sentinel", "pusher"],
)
def test_an_idle_cluster_that_loses_a_process_works_again(
    cluster: Cluster, victim: Callable[[Roles], psutil.Process]
) -> None:
    with cluster.command("worker") as watchdog:
        cluster.wait_for_a_beat()
        kill([victim(roles_below(watchdog))])
        cluster.register(*THREE)
        cluster.assert_each_answered_once(3)
