"""The data policy that people accept: its version and the fingerprint of its text."""

from functools import cache
from hashlib import sha256

from django.template.loader import get_template

VERSION = "2026-11"
TEMPLATE = "accounts/policy_text.html"


@cache
def text_hash() -> str:
    """Return the SHA-256 of the policy's text, in hexadecimal: what a `Consent` proves was shown."""
    return sha256(get_template(TEMPLATE).render().encode()).hexdigest()
