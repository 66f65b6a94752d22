"""SQLite databases that are ready, made once a run of pytest: each migration takes five seconds of a processor."""

import fcntl
import os
import shutil
from pathlib import Path

from tests.stack import manage


class Databases:
    """Files in a folder that all processes of a run share. Who asks first makes them; the others wait."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy_migrated(self, to: Path) -> None:
        """Put an empty, migrated database there."""
        shutil.copy(self._made("migrated", "migrate"), to)

    def copy_demo(self, to: Path) -> None:
        """Put a database with the demo's people there."""
        shutil.copy(self._made("demo", "migrate", "demo"), to)

    def _made(self, name: str, *commands: str) -> Path:
        file = self._folder / f"{name}.sqlite3"
        with (self._folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                unfinished = self._folder / f"{name}.unfinished"
                variables = {**os.environ, "DATABASE_URL": f"sqlite:///{unfinished}", "REDIS_URL": ""}
                for command in commands:
                    manage(variables, command, "--verbosity", "0")
                unfinished.rename(file)
        return file
