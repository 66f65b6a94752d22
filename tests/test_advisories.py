"""Known vulnerabilities of the locked packages: a real one fails the gate, being out of reach does not."""

import json
import sys
from typing import Any

import pytest

from scripts.advisories import COMMAND, SKIPPED, judge, main

CLEAN = {"name": "django", "version": "6.1.3", "vulns": []}
BAD = {"name": "segno", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1", "1.2"]}]}
UNFIXED = {"name": "aiohttp", "version": "3.0", "vulns": [{"id": "PYSEC-2", "fix_versions": []}]}
UNKNOWN = {"name": "six", "skip_reason": "not found"}


def checked(*packages: dict[str, Any]) -> tuple[int, str]:
    return judge(json.dumps({"dependencies": packages}), "")


def test_packages_without_one_pass() -> None:
    assert checked(CLEAN, CLEAN) == (0, "no vulnerability is known of 2 packages")


def test_a_known_one_fails_and_says_what_helps() -> None:
    status, text = checked(CLEAN, BAD, UNKNOWN, UNFIXED)

    assert status == 1
    assert text.splitlines() == [
        "segno 1.0: PYSEC-1, fixed in 1.1, 1.2",
        "aiohttp 3.0: PYSEC-2, not fixed yet",
    ]


def test_what_could_not_be_asked_about_is_named() -> None:
    assert checked(CLEAN, UNKNOWN) == (0, "no vulnerability is known of 1 packages; nothing could be asked about six")


def test_an_answer_about_nothing_is_none() -> None:
    assert checked(UNKNOWN, UNKNOWN) == (0, SKIPPED)


@pytest.mark.parametrize(
    "complaints",
    [
        "requests.exceptions.ProxyError: HTTPSConnectionPool(…): Max retries exceeded",
        "ERROR: Could not connect to the vulnerability feed",
        "pip_audit._service.interface.ServiceError",
    ],
)
def test_out_of_reach_is_said_and_passes(complaints: str) -> None:
    assert judge("", complaints) == (0, SKIPPED)


@pytest.mark.parametrize("answer", ["", "{}", "<html>"])
def test_anything_else_fails(answer: str) -> None:
    assert judge(answer, "ERROR: invalid requirements\n") == (1, "ERROR: invalid requirements")


@pytest.mark.parametrize(("packages", "status"), [([CLEAN], 0), ([BAD], 1)])
def test_the_exit_status_is_the_verdicts(
    packages: list[dict[str, Any]], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    code = f"import sys; print({json.dumps(json.dumps({'dependencies': packages}))}); sys.exit({status})"

    assert main([sys.executable, "-c", code]) == status
    assert capsys.readouterr().err


def test_everything_that_is_locked_is_asked_about() -> None:
    assert "requirements-dev.txt" in COMMAND
    assert "--require-hashes" in COMMAND
