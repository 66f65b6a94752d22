"""Puts a freshly made SECRET_KEY into the `.env` file named on the command line, where nothing gives one yet.

Standard library only and no Django, because Django's settings need the key to load at all.
"""

import os
import re
import secrets
import sys
from pathlib import Path

_LINE = re.compile(r"^[ \t]*(?:export[ \t]+)?SECRET_KEY[ \t]*=[ \t]*(?P<value>[^\n]*)\n?", re.MULTILINE)


def has_key(text: str) -> bool:
    """Tell whether the text of a `.env` file gives a SECRET_KEY that is not empty."""
    return any(found["value"].strip().strip("'\"") for found in _LINE.finditer(text))


def with_key(text: str, key: str) -> str:
    """Return the text of a `.env` file with the key at its end and without empty SECRET_KEY lines."""
    kept = _LINE.sub("", text)
    separator = "" if not kept or kept.endswith("\n") else "\n"
    return f"{kept}{separator}SECRET_KEY={key}\n"


def ensure_key(path: Path) -> None:
    """Give the file a key unless it has one. Replaces it in one step and lets only its owner read it."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if has_key(text):
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(with_key(text, secrets.token_urlsafe(50)))
    draft.replace(path)
    sys.stderr.write(f"A new SECRET_KEY was written to {path.name}.\n")


if __name__ == "__main__":
    ensure_key(Path(sys.argv[1]).resolve())
