"""Finds a Chromium or Chrome on this machine. Starts nothing and needs no event loop."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_DOWNLOADED = ("chromium-*/chrome-*/chrome", "chromium-*/chrome-*/*.app/Contents/MacOS/*")


def find_executable(configured: str = "") -> str | None:
    """Return the browser to launch: the configured one, one on PATH, Playwright's own; None without any.

    A configured one that cannot be executed is not replaced by another: the operator should know.
    """
    if configured:
        return shutil.which(configured)
    on_path = next(filter(None, map(shutil.which, _COMMANDS)), None)
    return on_path or next(iter(_downloaded()), None)


def _downloaded() -> list[str]:
    """Return the browsers that `playwright install` has put where Playwright looks for them, newest first."""
    found = [path for pattern in _DOWNLOADED for path in _download_folder().glob(pattern) if os.access(path, os.X_OK)]
    return [str(path) for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]


def _download_folder() -> Path:
    """The rule of https://playwright.dev/python/docs/browsers#managing-browser-binaries."""
    configured = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    package = find_spec("playwright")
    if configured == "0" and package is not None and package.origin is not None:
        return Path(package.origin).parent / "driver" / "package" / ".local-browsers"
    caches = Path("Library", "Caches") if sys.platform == "darwin" else Path(".cache")
    return Path(configured) if configured else Path.home() / caches / "ms-playwright"
