"""Text as received and as compared."""

import unicodedata


def tidy(text: str) -> str:
    """Return the text in NFC with runs of white space, line breaks included, made one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def fold(text: str) -> str:
    """Return the text for comparing: no accents, no case, white space tidied. Never shown to anybody."""
    decomposed = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).casefold().split())
