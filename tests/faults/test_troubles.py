"""Workers that come twice or kill themselves, and many people at once."""

from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from tests import make
from tests.faults.cluster import Cluster, roles_below, wait_until
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


def test_a_cluster_that_was_killed_while_idle_leaves_the_others_work_alone(cluster: Cluster) -> None:
    with cluster.command("worker") as first, cluster.command("worker"):
        cluster.wait_for_a_beat()
        roles_below(first).worker.kill()
        cluster.register(*THREE)
        cluster.assert_each_answered_once(3)
