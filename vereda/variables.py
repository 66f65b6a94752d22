"""Reads variables from the environment and from a `.env` file at the root, as the types that settings need."""

import os
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv
from environs import Env

load_dotenv(Path(__file__).resolve().parent.parent / ".env", interpolate=False)  # for programs that we start as well
env = Env()


def given[T, D](read: Callable[[str], T], name: str, default: D) -> T | D:
    """Return a variable; its default when it is not set, or set to nothing."""
    return read(name) if os.environ.get(name) else default


def number[T](read: Callable[[str], T], name: str, text: str) -> T:
    """Return a number that stands in a variable's list."""
    try:
        return read(text)
    except ValueError:
        hint = "numbers separated by commas; .env.example explains it"
        raise ImproperlyConfigured(f"{name} cannot hold {text!r}: {hint}.") from None


def retry_seconds(name: str) -> list[int]:
    """Return the delays of a comma-separated list; none for the word "none"."""
    return [] if env.str(name) == "none" else [number(int, name, part) for part in names(name)]


def names(name: str) -> list[str]:
    """Return the words of a comma-separated list, in its order; an empty place stays one."""
    return [part.strip() for part in env.str(name).split(",")]


def seconds(name: str) -> list[float]:
    """Return the seconds of a comma-separated list."""
    return [number(float, name, part) for part in names(name)]


def addresses(name: str) -> list[str]:
    """Return the addresses of a list, parted by commas or white space; a comma inside an address stays in it."""
    return re.split(r"[\s,]+(?=[\w.+-]+://)", env.str(name).strip(", \t\r\n"))


def most_lookups(name: str) -> list[int | None]:
    """Return the ceilings of a comma-separated list; None for the word "none"."""
    return [None if part == "none" else number(int, name, part) for part in names(name)]


def most_of_a_day(name: str) -> int | None:
    """Return a cap; None for the word "none"."""
    return None if env.str(name) == "none" else env.int(name)


def most_dollars(name: str) -> Decimal | None:
    """Return a ceiling of US dollars; None for the word "none"."""
    return None if env.str(name) == "none" else env.decimal(name)


def folder(name: str) -> str:
    """Return a path below the root, with a slash at its end only."""
    return env.str(name).strip("/") + "/"
