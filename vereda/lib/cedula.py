"""The cédula: one normaliser and one mask for the whole product.

Next on the reading path: `vereda/accounts/models.py`.
"""

import re

SHAPE = r"^[1-9][0-9]{4,9}$"
"""What a bare cédula looks like: 5 to 10 ASCII digits without a leading zero. No check digit exists."""

LONGEST_TYPED = 40
SHOWN_DIGITS = 4
"""How many of a cédula's digits its mask leaves."""

_PREFIX = re.compile(r"^\s*C\.?\s*C\.?(?=[\s.,]|\d)", re.IGNORECASE | re.ASCII)
_SEPARATORS = str.maketrans("", "", "., \u00a0")
_SHAPE = re.compile(SHAPE, re.ASCII)


class BadCedulaError(ValueError):
    """What was typed is not a cédula. The message is what people are told; it never repeats what they typed."""


def normalise(typed: str) -> str:
    """Return the bare digits of what was typed.

    A leading "C.C.", dots, commas, spaces and no-break spaces are dropped; the rest must be 5 to 10 ASCII digits, the
    first not zero (registraduria.gov.co hands out numbers from 1 and prints them with dots). Raises `BadCedulaError`.
    """
    if len(typed) > LONGEST_TYPED:
        raise BadCedulaError("La cédula es demasiado larga: escriba solo los números, entre 5 y 10.")
    bare = _PREFIX.sub("", typed.strip()).translate(_SEPARATORS)
    if _SHAPE.fullmatch(bare):
        return bare
    if bare.startswith("0") and bare.isascii() and bare.isdigit():
        raise BadCedulaError("La cédula no empieza por cero: escríbala como aparece en el documento.")
    raise BadCedulaError("Escriba la cédula solo con números, entre 5 y 10, sin letras.")


def mask(cedula: str) -> str:
    """Return the cédula as logs and lists may show it: only its last four digits."""
    return f"••••{cedula[-SHOWN_DIGITS:]}"


def dotted(cedula: str) -> str:
    """Return the cédula with the thousands dots that Colombians write: 1.020.304.050."""
    return f"{int(cedula):,}".replace(",", ".")
