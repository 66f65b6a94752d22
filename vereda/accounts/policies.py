"""Publishing versions of the data policy, and rendering their text.

The text is a small part of Markdown, shown by a renderer that knows nothing else: no HTML, no images.
"""

from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.utils import timezone
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from vereda.accounts.agreements import Policy

TEXTS = Path(__file__).parent / "policy_texts"
"""The versions that came with the product. A file here is what people agreed to: a change is a new file."""
SHIPPED = "2026-12"

_MARKDOWN = MarkdownIt("zero").enable(["heading", "list", "emphasis", "link"])


def rendered(text: str) -> SafeString:
    """Return a policy's text as HTML. Markup outside that part of Markdown is shown as typed."""
    return SafeString(_MARKDOWN.render(text))  # the renderer escapes all text, and makes no other tags than its own


def hash_of(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal: what a consent proves was shown."""
    return sha256(text.encode()).hexdigest()


def publish(*, draft: Policy, now: datetime) -> Policy:
    """Put a draft into force, under the date as its version. Does nothing to one that was published."""
    with transaction.atomic():
        policy = Policy.objects.select_for_update().get(pk=draft.pk)
        if policy.published_at is None:
            policy.version = _free_version(f"{timezone.localdate(now)}")
            policy.text_hash, policy.published_at = hash_of(policy.text), now
            policy.save()
    return policy


def has_shipped(policy: Policy) -> bool:
    """Whether a version came with the product, so that it does not name the organisation."""
    return policy.version in _shipped_versions()


def ensure(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """See that a version is in force: the newest that came with the product, until somebody publishes their own."""
    if Policy._meta.db_table not in connections[using].introspection.table_names():
        return
    known = Policy.objects.using(using)
    has_own = known.published().exclude(version__in=_shipped_versions()).exists()
    if not has_own and not known.filter(version=SHIPPED).exists():
        text = (TEXTS / f"{SHIPPED}.md").read_text()
        known.create(version=SHIPPED, text=text, text_hash=hash_of(text), published_at=timezone.now())


def _shipped_versions() -> list[str]:
    return [path.stem for path in TEXTS.glob("*.md")]


def _free_version(day: str) -> str:
    taken = set(Policy.objects.filter(version__startswith=day).values_list("version", flat=True))
    candidates = (day, *(f"{day}-{number}" for number in range(2, len(taken) + 2)))
    return next(version for version in candidates if version not in taken)
