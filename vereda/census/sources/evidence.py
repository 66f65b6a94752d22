"""What is kept of a reply that could not be used: enough to find out why, without anybody's session. PURE."""

import re

LIMIT = 20_000
"""Characters of a reply that are kept."""

_SECRETS = (
    (re.compile(r"\b(PHPSESSID|cookiesession1|BIGip\w*|TS[0-9a-f]{6,})=[^;\s\"'<>]+", re.IGNORECASE), r"\1=[cookie]"),
    (re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32}(?![0-9A-Za-z])"), "[nonce]"),
    (re.compile(r"[0-9A-Za-z_-]{60,}"), "[token]"),
    (re.compile(r"\b6L[0-9A-Za-z_-]{38}"), "[sitekey]"),
)


def storable(text: str) -> str:
    """Return the text without what databases refuse: NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def scrub(text: str) -> str:
    """Return the text cut to `LIMIT` characters, its cookies, form nonces and captcha tokens made unreadable."""
    kept = storable(text[: LIMIT * 2])
    for secret, stand_in in _SECRETS:
        kept = secret.sub(stand_in, kept)
    return kept[:LIMIT]
