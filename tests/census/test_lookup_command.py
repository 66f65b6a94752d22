"""`./manage lookup`, as a script from outside uses it: real processes, a real Chromium, the practice census."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from practice.server import PracticeServer
from tests.stack import ROOT, environment_for

pytestmark = pytest.mark.browser

FIELDS = [
    "cedula",
    "status",
    "departamento",
    "municipio",
    "puesto",
    "direccion",
    "mesa",
    "novedad",
    "resolucion",
    "fecha_novedad",
    "error",
    "source",
    "elapsed_seconds",
]


@pytest.fixture(scope="module")
def practice() -> Iterator[PracticeServer]:
    with PracticeServer() as server:
        yield server


def lookup(
    practice: PracticeServer, folder: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "lookup", *arguments],
        cwd=ROOT,
        env=environment_for(folder, practice, **variables),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("typed", "status", "exit_status", "filled"),
    [
        ("C.C. 900.500.100", "found", 0, {"departamento", "municipio", "puesto", "direccion", "mesa"}),
        ("900500199", "cancelled", 0, {"novedad", "resolucion", "fecha_novedad"}),
        ("900500196", "not_found", 0, set()),
        ("900500195", "blocked", 3, {"error"}),
        ("900500193", "network_error", 3, {"error"}),
        ("900500192", "parse_error", 3, {"error"}),
        ("900500191", "captcha_failed", 3, {"error"}),
    ],
)
def test_it_prints_one_json_object_and_says_by_its_exit_status_whether_there_is_an_answer(
    practice: PracticeServer, tmp_path: Path, typed: str, status: str, exit_status: int, filled: set[str]
) -> None:
    done = lookup(practice, tmp_path, typed, "--json")
    answer = json.loads(done.stdout)

    assert (done.returncode, answer["status"], list(answer)) == (exit_status, status, FIELDS)
    texts = set(FIELDS) - {"cedula", "status", "source", "elapsed_seconds"}
    assert {name for name in texts if answer[name]} == filled
    assert all(isinstance(answer[name], str) for name in FIELDS[:-1])
    assert answer["elapsed_seconds"] > 0
    assert answer["cedula"] not in done.stderr


def test_it_writes_nothing_to_the_database(practice: PracticeServer, tmp_path: Path) -> None:
    assert lookup(practice, tmp_path, "900500100").returncode == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("typed", ["abc", "1234", "0900500100", "٤٣٠٠٠٠٠١"])
def test_a_bad_cedula_is_status_2_and_a_sentence(practice: PracticeServer, tmp_path: Path, typed: str) -> None:
    done = lookup(practice, tmp_path, typed, "--json")

    assert (done.returncode, done.stdout) == (2, "")
    assert "cédula" in done.stderr


def test_without_a_solver_a_page_with_a_captcha_is_no_answer(practice: PracticeServer, tmp_path: Path) -> None:
    done = lookup(practice, tmp_path, "900500100", "--json", CAPTCHA_SOLVER="none")

    assert (done.returncode, json.loads(done.stdout)["status"]) == (3, "captcha_failed")


@pytest.mark.parametrize("name", ["CENSUS_SOURCE", "CAPTCHA_SOLVER"])
def test_a_setting_that_nobody_knows_is_a_sentence(practice: PracticeServer, tmp_path: Path, name: str) -> None:
    done = lookup(practice, tmp_path, "900500100", **{name: "nadie"})

    assert (done.returncode, "nadie" in done.stderr, "Traceback" in done.stderr) == (3, True, False)


def test_a_site_out_of_reach_is_no_answer(practice: PracticeServer, tmp_path: Path) -> None:
    done = lookup(practice, tmp_path, "900500100", "--json", CENSUS_URL="http://127.0.0.1:9/censo/consultar/")

    assert (done.returncode, json.loads(done.stdout)["status"]) == (3, "network_error")


def test_while_the_first_source_is_out_of_reach_the_next_one_is_asked(practice: PracticeServer, tmp_path: Path) -> None:
    both = {"CENSUS_SOURCE": "practice,verifik", "VERIFIK_TOKEN": "practica"}
    away = {**both, "CENSUS_URL": f"http://127.0.0.1:9/censo/consultar/,{practice.verifik_url}"}
    there = {**both, "CENSUS_URL": f"{practice.census_url},{practice.verifik_url}"}

    for variables, source in ((away, "verifik"), (there, "practice")):
        answer = json.loads(lookup(practice, tmp_path, "900500100", "--json", **variables).stdout)
        assert (answer["status"], answer["source"]) == ("found", source)
