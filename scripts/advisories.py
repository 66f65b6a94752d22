"""Asks whether a vulnerability of any locked package is known: pip-audit, made fit for machines without internet.

Run as `python -m scripts.advisories` from the root. Exit status 1 when one is known, or when asking failed by a fault
of ours; 0 when none is, and 0 with a sentence when the advisory service cannot be reached from here.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

REQUIREMENTS = "requirements-dev.txt"  # holds requirements.txt as well
COMMAND = [
    *(sys.executable, "-m", "pip_audit", "--requirement", REQUIREMENTS, "--require-hashes", "--disable-pip"),
    *("--format", "json", "--progress-spinner", "off"),
]
SECONDS = 300
UNREACHABLE = re.compile(r"requests\.exceptions|urllib3\.exceptions|ConnectionError|ServiceError|not connect|timed out")
SKIPPED = "skipped: the advisory service cannot be reached from here. Run ./test where it can before a release."


class Verdict(NamedTuple):
    """What to say, and the exit status."""

    status: int
    text: str


def judge(answer: str, complaints: str) -> Verdict:
    """Return what pip-audit's output means. It also ends with 0 when it could audit nothing at all."""
    try:
        packages: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        if UNREACHABLE.search(complaints):
            return Verdict(0, SKIPPED)
        return Verdict(1, complaints.strip() or "pip-audit said nothing")
    known = [package for package in packages if package.get("vulns")]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if known:
        return Verdict(1, "\n".join(line for package in known for line in lines_of(package)))
    if len(unknown) == len(packages):
        return Verdict(0, SKIPPED)
    text = f"no vulnerability is known of {len(packages) - len(unknown)} packages"
    return Verdict(0, f"{text}; nothing could be asked about {', '.join(unknown)}" if unknown else text)


def lines_of(package: dict[str, Any]) -> list[str]:
    """Return a line for each vulnerability of a package."""
    return [
        f"{package['name']} {package['version']}: {found['id']}, "
        + (f"fixed in {', '.join(found['fix_versions'])}" if found["fix_versions"] else "not fixed yet")
        for found in package["vulns"]
    ]


def main(command: Sequence[str] = tuple(COMMAND)) -> int:
    """Ask, say what is known and return the exit status."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        verdict = Verdict(0, SKIPPED)
    else:
        verdict = judge(done.stdout, done.stderr)
    sys.stderr.write(f"{verdict.text}\n")
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
