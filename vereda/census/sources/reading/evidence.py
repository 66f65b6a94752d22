"""What is kept of a reply that could not be used: enough to find out why, without cookies and tokens. PURE."""

import re

LIMIT = 20_000
"""Characters of a reply that are kept."""

CUT = "…[cut]"
"""The end of a reply that was longer. What is left is for people, and is not read again."""

CEDULA = "[cedula]"
"""The placeholder for the number that was asked about; `with_cedula` puts the number back."""

_SECRETS = (
    (re.compile(r"\b(PHPSESSID|cookiesession1|BIGip\w*|TS[0-9a-f]{6,})=[^;\s\"'<>]+", re.IGNORECASE), r"\1=[cookie]"),
    (re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32}(?![0-9A-Za-z])"), "[nonce]"),
    (re.compile(r"[0-9A-Za-z_-]{60,}"), "[token]"),
    (re.compile(r"\b6L[0-9A-Za-z_-]{38}"), "[sitekey]"),
)
_PLACEHOLDERS = ("[cookie]", "[nonce]", "[token]", "[sitekey]")
_BETWEEN_THOUSANDS = r"(?:[.,'\s]|&nbsp;|\\u00a0)?"


def storable(text: str) -> str:
    """Return the text without what databases refuse: NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def scrub(text: str) -> str:
    """Return the text cut to `LIMIT` characters, with placeholders for cookies, form nonces and captcha tokens.

    Scrubbing twice changes nothing.
    """
    kept = storable(text[: LIMIT * 2])
    for secret, placeholder in _SECRETS:
        kept = secret.sub(placeholder, kept)
    is_whole = len(text) <= LIMIT * 2 and len(kept) <= LIMIT
    return kept if is_whole else kept[: LIMIT - len(CUT)] + CUT


def is_cut(evidence: str) -> bool:
    """Whether only a part of the reply was kept."""
    return evidence.endswith(CUT)


def has_placeholder(text: str) -> bool:
    """Whether `scrub` replaced something here, so that this is not what the site wrote."""
    return any(placeholder in text for placeholder in _PLACEHOLDERS)


def without_cedula(text: str, cedula: str) -> str:
    """Return the text without this bare number, whatever separates its thousands.

    Other numbers stay: when a reply about somebody else is read again, that must be seen.
    """
    groups = re.findall(r"[0-9]{1,3}(?=(?:[0-9]{3})*$)", cedula)
    return re.sub(rf"(?<![0-9])0*{_BETWEEN_THOUSANDS.join(groups)}(?![0-9])", CEDULA, text)


def with_cedula(text: str, cedula: str) -> str:
    """Return the text with the bare number in place of its placeholder."""
    return text.replace(CEDULA, cedula)
