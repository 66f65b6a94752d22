"""Makes sure that there is a Chromium for lookups: finds one, else installs one, else says what to do.

Run as `python -m scripts.browser` from the root. Exit status 0 when there is one, 1 with one sentence when not.
"""

import os
import sys

from dotenv import dotenv_values

from scripts.packages import SECONDS, install, may_install, say, succeeds
from vereda.census.sources.asking.executables import find_executable

_ADVICE = "install chromium with your system's package manager or Google Chrome, or set BROWSER_EXECUTABLE to one."


def configured() -> str:
    """Return BROWSER_EXECUTABLE of the environment, else of `.env`, else an empty text."""
    return os.environ.get("BROWSER_EXECUTABLE") or dotenv_values(".env").get("BROWSER_EXECUTABLE") or ""


def starts(executable: str) -> bool:
    """Tell whether the browser runs at all: a downloaded one may lack shared libraries of the system."""
    return succeeds([executable, "--version"], seconds=30)


def download() -> bool:
    """Fetch Playwright's own Chromium into its cache. True when it is there and starts."""
    say("No Chromium found: downloading Playwright's…")
    command = [sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"]
    found = find_executable() if succeeds(command, seconds=SECONDS) else None
    return found is not None and starts(found)


def install_package() -> bool:
    """Install Debian's chromium package where this user may. True when there is a browser then."""
    if not may_install():
        return False
    say("Installing the chromium package of this system…")
    installed = install("chromium", "fonts-liberation")
    found = find_executable()
    return installed and found is not None and starts(found)


def main() -> int:
    """Find or install a browser and return the exit status."""
    chosen = configured()
    found = find_executable(chosen)
    if found and starts(found):
        return 0
    if chosen:
        say(f"BROWSER_EXECUTABLE is {chosen}, which is not a program that can be run: correct it or leave it empty.")
        return 1
    if download() or install_package():
        return 0
    say(f"Vereda needs Chromium or Chrome, and none could be installed here: {_ADVICE}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
