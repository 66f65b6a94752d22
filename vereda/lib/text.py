"""Text as received and as compared."""

import math
import unicodedata

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`", "'"))


def tidy(text: str) -> str:
    """Return the text in NFC with runs of white space, line breaks included, made one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def wait_in_words(seconds: int) -> str:
    """Return a wait as people say it: in seconds up to a minute and a half, then in minutes."""
    number, unit = (seconds, "segundo") if seconds <= 90 else (math.ceil(seconds / 60), "minuto")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def fold(text: str) -> str:
    """Return the text for comparing: no accents, no case, one apostrophe, white space tidied. Shown to nobody."""
    decomposed = unicodedata.normalize("NFKD", text).translate(_APOSTROPHES)
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).casefold().split())
