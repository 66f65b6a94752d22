"""SIGKILL, wherever it may hit: everybody is answered all the same, once, at the pace, and nothing is left behind."""

import psutil
import pytest

from tests.census.sources.asking.processes import chromiums
from tests.faults.cluster import Cluster, kill, roles_below

pytestmark = [pytest.mark.processes, pytest.mark.faults]

THREE = ("900600100", "900600200", "900600300")
TEN = tuple(f"9006{number:02}000" for number in range(10, 20))


def test_a_worker_killed_in_the_middle_of_lookups_costs_no_answer_and_no_captcha(cluster: Cluster) -> None:
    cluster.register(*THREE)
    with cluster.command("worker") as watchdog:
        cluster.wait_for_captchas(2)
        kill([roles_below(watchdog).worker])
        cluster.assert_each_answered_once(3)

    assert "lost" in cluster.attempts()
    assert len(cluster.practice.journal.of("captcha_task")) == 3


def test_a_whole_cluster_killed_with_ten_people_queued_loses_nobody(cluster: Cluster) -> None:
    cluster.register(*TEN)
    with cluster.command("worker") as watchdog:
        cluster.wait_for_captchas(3)
        kill(roles_below(watchdog).all)
        cluster.assert_each_answered_once(10)


def test_a_watchdog_killed_with_its_cluster_is_made_up_for_by_the_next_one(cluster: Cluster) -> None:
    cluster.register(*THREE)
    with cluster.command("worker") as watchdog:
        cluster.wait_for_captchas(2)
        kill([watchdog, *roles_below(watchdog).all])
    with cluster.command("worker"):
        cluster.assert_each_answered_once(3)


def test_a_browser_killed_in_the_middle_of_lookups_is_nobodys_failure(cluster: Cluster) -> None:
    cluster.register(*THREE)
    with cluster.command("worker") as watchdog:
        cluster.wait_for_captchas(3)
        (browser,) = chromiums(watchdog.pid)
        kill([psutil.Process(browser)])
        cluster.assert_each_answered_once(3)

    assert set(cluster.attempts()) == {"lost", "found"}
