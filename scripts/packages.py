"""Installing packages of the system, for scripts that need a program which is not there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

SECONDS = 600
_APT = ("apt-get", "-o", "DPkg::Lock::Timeout=120", "-qq")


def say(message: str) -> None:
    """Tell the person at the terminal; standard output belongs to the command that follows."""
    sys.stderr.write(f"{message}\n")


def may_install() -> bool:
    """Whether this user may install packages, and there is apt-get for it."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*packages: str) -> bool:
    """Install Debian's packages. True when that succeeded."""
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    succeeds([*_APT, "update"], seconds=SECONDS)
    return succeeds([*_APT, "install", "-y", "--no-install-recommends", *packages], seconds=SECONDS)


def succeeds(command: Sequence[str], *, seconds: float) -> bool:
    """Run the command quietly; its complaints are not shown because another way may still succeed."""
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=seconds, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
