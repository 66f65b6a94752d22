"""A worker that is asked to stop while lookups are in flight."""

import time

import pytest

from tests.faults.cluster import PACE, Cluster

pytestmark = [pytest.mark.processes, pytest.mark.faults]

THREE = ("900700100", "900700200", "900700300")


def test_a_stop_lets_what_is_in_flight_end_within_the_grace_time(cluster: Cluster) -> None:
    cluster.register(*THREE)
    with cluster.command("worker", "--grace", "30"):
        cluster.wait_for_captchas(3)

    assert cluster.statuses() == ["ACTIVE"] * 3, cluster.described()
    assert set(cluster.attempts()) == {"found"}


def test_a_stop_gives_back_what_does_not_end_in_time_and_its_captchas_are_used_later(cluster: Cluster) -> None:
    cluster.register(*THREE)
    with cluster.command("worker", "--grace", "0"):
        cluster.wait_for_captchas(2)

    waiting = cluster.rows("SELECT attempts, captchas FROM census_cedulainfo WHERE status = 'PENDING'")
    assert len(waiting) == 3, cluster.described()
    assert all(attempts == 0 for attempts, _ in waiting)
    time.sleep(PACE)
    with cluster.command("worker"):
        cluster.assert_each_answered_once(3)
    assert len(cluster.practice.journal.of("captcha_task")) == 3
