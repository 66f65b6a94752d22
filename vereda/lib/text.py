"""Text as received and as compared."""

import unicodedata

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`", "'"))


def tidy(text: str) -> str:
    """Return the text in NFC with runs of white space, line breaks included, made one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def fold(text: str) -> str:
    """Return the text for comparing: no accents, no case, one apostrophe, white space tidied. Shown to nobody."""
    decomposed = unicodedata.normalize("NFKD", text).translate(_APOSTROPHES)
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).casefold().split())
