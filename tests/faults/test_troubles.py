"""Processes that freeze, stop, come twice or kill themselves, and a database that is held or busy."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import psutil
import pytest

from tests import make
from tests.census.sources.asking.processes import chromiums
from tests.faults.cluster import PACE, Cluster, roles_below, wait_until
from vereda.processes.ports import free_port

pytestmark = [pytest.mark.processes, pytest.mark.faults]

THREE = ("900700100", "900700200", "900700300")
SIX = (*THREE, "900700400", "900700500", "900700600")


def test_a_lookup_that_kills_its_worker_gives_up_visibly_and_takes_nobody_along(cluster: Cluster) -> None:
    cluster.register("900700166", *THREE)
    with cluster.command("worker", DJANGO_SETTINGS_MODULE="tests.faults.crashing_settings"):
        assert cluster.wait_until_final() == ["ERROR", "ACTIVE", "ACTIVE", "ACTIVE"], cluster.described()

    told = cluster.rows("SELECT error_message, attempts FROM census_cedulainfo WHERE status = 'ERROR'")
    assert told[0][0] == "La consulta se interrumpió por un problema nuestro."
    assert told[0][1] <= 4
    bought = cluster.rows("SELECT MAX(captchas) FROM census_cedulainfo")
    assert bought[0][0] <= 2


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


def test_two_clusters_by_accident_share_the_work_at_one_pace(cluster: Cluster) -> None:
    cluster.register(*SIX)
    with cluster.command("worker"), cluster.command("worker"):
        cluster.assert_each_answered_once(6)


def test_twenty_people_who_register_at_once_during_lookups_are_all_answered(cluster: Cluster) -> None:
    port, practice_port = free_port(), free_port()
    cluster.register(*THREE)
    with cluster.command(
        "start", "--port", str(port), "--practice-port", str(practice_port), CAPTCHA_SOLVER="2captcha"
    ):
        wait_until(lambda: "Ctrl-C" in cluster.log.read_text(), cluster.described)
        cluster.wait_for_captchas(1)
        cedulas = [f"9008{number:02}000" for number in range(20)]
        with ThreadPoolExecutor(20) as pool:
            pages = list(pool.map(lambda cedula: join(f"http://127.0.0.1:{port}", cedula), cedulas))
        assert all("Mi enlace" in page or "enlace" in page for page in pages)
        cluster.assert_each_answered_once(23)


def join(url: str, cedula: str) -> str:
    """Register somebody as a browser does, and return the page that they come to."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    form = browser.open(f"{url}/registro/", timeout=60).read().decode()
    token = form.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    fields = {
        "csrfmiddlewaretoken": token,
        "cedula": cedula,
        "full_name": "Nora Sinisterra",
        "phone": "300 123 4567",
        "password1": make.PASSWORD,
        "password2": make.PASSWORD,
        "accept_policy": "on",
    }
    with browser.open(f"{url}/registro/", urlencode(fields).encode(), timeout=90) as answer:
        assert answer.url == f"{url}/"
        return str(answer.read().decode())


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


def test_a_cluster_that_was_killed_while_idle_leaves_the_others_work_alone(cluster: Cluster) -> None:
    with cluster.command("worker") as first, cluster.command("worker"):
        cluster.wait_for_a_beat()
        roles_below(first).worker.kill()
        cluster.register(*THREE)
        cluster.assert_each_answered_once(3)
