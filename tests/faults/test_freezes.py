"""Processes that freeze, and a database that is held or busy."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.census.sources.asking.processes import chromiums
from tests.faults.cluster import Cluster, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]

THREE = ("900700100", "900700200", "900700300")
SIX = (*THREE, "900700400", "900700500", "900700600")


def test_a_worker_frozen_past_its_claim_cannot_write_when_it_wakes_up(cluster: Cluster) -> None:
    cluster.register(THREE[0])
    with cluster.command("qcluster") as main:
        cluster.wait_for_captchas(1)
        (browser,) = chromiums(main.pid)
        (sentinel,) = main.children()
        worker = min(sentinel.children(), key=lambda process: process.create_time())
        assert browser in {process.pid for process in worker.children(recursive=True)}
        worker.suspend()
        with cluster.command("worker"):
            assert cluster.wait_until_final() == ["ACTIVE"], cluster.described()
            answer = cluster.rows("SELECT * FROM census_cedulainfo")
            worker.resume()
            wait_until(lambda: "lookup.claim_lost" in cluster.log.read_text(), cluster.described)

    assert cluster.rows("SELECT * FROM census_cedulainfo") == answer


def test_a_browser_that_freezes_is_replaced_and_nobody_is_lost(cluster: Cluster) -> None:
    cluster.register(*THREE)
    with cluster.command("worker") as watchdog:
        cluster.wait_for_captchas(2)
        (browser,) = chromiums(watchdog.pid)
        psutil.Process(browser).suspend()
        cluster.assert_each_answered_once(3)

    assert set(cluster.attempts()) == {"lost", "found"}


def test_a_database_held_for_twenty_seconds_delays_everybody_and_loses_nobody(cluster: Cluster) -> None:
    cluster.register(*THREE)
    with cluster.command("worker"):
        cluster.wait_for_captchas(2)
        with cluster.held():
            time.sleep(20)
        cluster.register(*SIX[3:])
        cluster.assert_each_answered_once(6)


def test_a_busy_database_loses_nobody(cluster: Cluster) -> None:
    stop = threading.Event()

    def write_without_end() -> None:
        while not stop.is_set():
            with cluster.held():
                time.sleep(0.1)
            time.sleep(0.02)

    with ThreadPoolExecutor() as pool:
        writers = [pool.submit(write_without_end) for _ in range(2)]
        try:
            with cluster.command("worker"):
                cluster.register(*SIX)
                cluster.assert_each_answered_once(6)
        finally:
            stop.set()
        assert [writer.result() for writer in writers] == [None, None]
