"""System checks: bad settings are said at the start, with a hint."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks


@checks.register
def retention_settings(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Find times for keeping things that cannot work."""
    if 1 <= settings.ATTEMPTS_DAYS <= 3650:
        return []
    hint = "365 days are the default; the last day is needed to see whether the site has changed its face."
    return [checks.Error("ATTEMPTS_DAYS is out of range.", hint=hint, id="rights.E001")]
