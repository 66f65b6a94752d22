"""A census site that is away for a while: the source rests, probes, and nobody is marked as failed for it."""

import pytest

from practice.server import PracticeServer
from tests.faults.cluster import Cluster, wait_until
from vereda.processes.ports import free_port

pytestmark = [pytest.mark.processes, pytest.mark.faults]

SIX = tuple(f"9009{number:02}000" for number in range(6))


def test_an_outage_makes_the_source_rest_and_its_end_answers_everybody(cluster: Cluster) -> None:
    port = free_port()
    cluster.environment |= {
        "CENSUS_URL": f"http://127.0.0.1:{port}/censo/consultar/",
        "CENSUS_BREAKER_FAILURES": "3",
        "CENSUS_REST_SECONDS": "3",
    }
    cluster.register(*SIX)
    with cluster.command("worker"):
        wait_until(lambda: cluster.rows("SELECT MAX(rests) FROM census_sourcestate")[0][0] >= 3, cluster.described)
        assert set(cluster.statuses()) <= {"PENDING", "PROCESSING"}
        asked = len(cluster.attempts())
        assert asked <= 2 + 3 + 1 + 8  # what trips it, the probes, and what was in flight at the time

        with PracticeServer(port):
            assert cluster.wait_until_final() == ["ACTIVE"] * 6, cluster.described()

    assert cluster.rows("SELECT rests, troubles FROM census_sourcestate") == [(0, 0)]


def test_during_an_outage_the_next_source_answers_everybody_and_the_first_one_rests(cluster: Cluster) -> None:
    with PracticeServer() as service:
        cluster.environment |= {
            "CENSUS_SOURCE": "practice,verifik",
            "CENSUS_URL": f"http://127.0.0.1:{free_port()}/censo/consultar/,{service.verifik_url}",
            "VERIFIK_TOKEN": "practica",
            "CENSUS_BREAKER_FAILURES": "3",
            "CENSUS_REST_SECONDS": "600",
        }
        cluster.register(*SIX)
        with cluster.command("worker"):
            assert cluster.wait_until_final() == ["ACTIVE"] * 6, cluster.described()

    assert cluster.rows("SELECT DISTINCT answer_source FROM census_cedulainfo") == [("verifik",)]
    attempts = "SELECT COUNT(*) FROM census_lookupattempt WHERE source = 'practice' AND outcome = 'network_error'"
    assert 3 <= cluster.rows(attempts)[0][0] < 6  # what trips it, and what was in flight at the time
    assert cluster.rows("SELECT source, rests FROM census_sourcestate ORDER BY 1") == [("practice", 1), ("verifik", 0)]
