"""System checks: bad settings are said at the start, with a hint."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks

from vereda.census.sources.config import KNOWN_SOLVERS, KNOWN_SOURCES


@checks.register
def census_settings(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Find census settings that cannot work."""
    found: list[checks.CheckMessage] = []
    if settings.CENSUS_SOURCE not in KNOWN_SOURCES:
        hint = f"Known sources: {', '.join(KNOWN_SOURCES)}."
        found.append(checks.Error("CENSUS_SOURCE names no known source.", hint=hint, id="census.E001"))
    if settings.CAPTCHA_SOLVER not in KNOWN_SOLVERS:
        hint = f"Known solvers: {', '.join(KNOWN_SOLVERS)}."
        found.append(checks.Error("CAPTCHA_SOLVER names no known solver.", hint=hint, id="census.E002"))
    if settings.CAPTCHA_SOLVER == "2captcha" and not settings.TWOCAPTCHA_API_KEY:
        hint = "Set TWOCAPTCHA_API_KEY, or CAPTCHA_SOLVER=none."
        found.append(checks.Error("The captcha solver 2captcha has no key.", hint=hint, id="census.E003"))
    if settings.CENSUS_PACE_SECONDS < 5 and settings.CENSUS_SOURCE != "practice":
        hint = "The census site is shared by everybody: 5 seconds or more."
        found.append(checks.Warning("CENSUS_PACE_SECONDS is impolite.", hint=hint, id="census.W001"))
    if not 0 < settings.CENSUS_TIMEOUT_SECONDS <= 95:
        hint = "A lookup must end before the queue's own limit of 120 seconds, waiting for its turn included."
        found.append(checks.Error("CENSUS_TIMEOUT_SECONDS is out of range.", hint=hint, id="census.E004"))
    return found
