"""PostgreSQL and Redis that go away and come back: nobody is lost, and nothing has to be started again by hand."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import psycopg
import pytest

from practice.server import PracticeServer
from scripts.servers import CannotStartError, Server, postgresql, redis_server
from tests.databases import Databases
from tests.faults.cluster import Cluster, roles_below, wait_until
from tests.homes import home_of
from vereda.processes.ports import free_port

pytestmark = [pytest.mark.processes, pytest.mark.faults, pytest.mark.servers]

ALREADY = "900750000"
THREE = ("900750100", "900750200", "900750300")
MORE = ("900750400", "900750500")


class Servers(NamedTuple):
    """A PostgreSQL and a Redis that these tests may stop."""

    database: Server
    queue: Server
    url: str
    redis_url: str
    databases: Databases


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Both servers, running. Where they cannot be had, the gate's step for the second home says so, or fails."""
    try:
        with postgresql() as (url, database), redis_server() as (redis_url, queue):
            yield Servers(database, queue, url, redis_url, Databases(tmp_path_factory.mktemp("servers"), url))
    except CannotStartError as error:
        pytest.skip(str(error))


@pytest.fixture
def cluster(tmp_path: Path, practice: PracticeServer, servers: Servers) -> Cluster:
    """A product of the test's own on these servers."""
    return Cluster(tmp_path, practice, servers.databases, **home_of(tmp_path, servers.url, servers.redis_url))


def test_after_a_restart_of_the_database_the_web_answers_and_the_watchdog_still_replaces_a_dead_worker(
    cluster: Cluster, servers: Servers
) -> None:
    port = free_port()
    page = f"http://127.0.0.1:{port}/registro/"
    cluster.register(ALREADY)  # or the demo's people would come
    with cluster.command("start", "--port", str(port), "--practice-port", str(free_port())) as product:
        wait_until(lambda: "Ctrl-C" in cluster.log.read_text(), cluster.described)
        cluster.register(*THREE)
        cluster.wait_for_captchas(3)
        assert "cédula" in urlopen(page, timeout=30).read().decode()

        servers.database.stop()
        time.sleep(5)
        servers.database.start()
        for _ in range(8):  # each of its threads may have a connection that is dead
            assert urlopen(page, timeout=30).status == 200
        assert set(cluster.wait_until_final()) == {"ACTIVE"}, cluster.described()

        (watchdog,) = [child for child in product.children() if "worker" in child.cmdline()]
        roles_below(watchdog).worker.kill()
        cluster.register(*MORE)
        assert set(cluster.wait_until_final()) == {"ACTIVE"}, cluster.described()


def test_connections_that_are_ended_during_lookups_cost_no_answer(cluster: Cluster, servers: Servers) -> None:
    cluster.register(*THREE)
    with cluster.command("worker"):
        cluster.wait_for_captchas(2)
        with psycopg.connect(servers.url, autocommit=True) as administrator:
            others = "pid <> pg_backend_pid() AND backend_type = 'client backend'"
            administrator.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
        cluster.assert_each_answered_once(3)


def test_a_queue_that_is_killed_and_comes_back_empty_loses_nobody(cluster: Cluster, servers: Servers) -> None:
    with cluster.command("worker"):
        cluster.wait_for_a_beat()
        servers.queue.stop(signal.SIGKILL)
        cluster.register(*THREE)
        servers.queue.start()
        cluster.assert_each_answered_once(3)
