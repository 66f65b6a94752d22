"""System checks: bad settings are said at the start, with a hint."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks

from vereda.census.sources.config import KNOWN_SOLVERS, KNOWN_SOURCES

SHORTEST_PACE_SECONDS = 0.05
"""A slot is not used that was heard of half a pace late, and a database needs a few milliseconds to tell."""


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
    if settings.CENSUS_PACE_SECONDS < SHORTEST_PACE_SECONDS:
        hint = f"5 seconds is the default; for practice {SHORTEST_PACE_SECONDS} and more will do."
        found.append(checks.Error("CENSUS_PACE_SECONDS is out of range.", hint=hint, id="census.E007"))
    if settings.CENSUS_PACE_SECONDS < 5 and settings.CENSUS_SOURCE != "practice":
        hint = "The census site is shared by everybody: 5 seconds or more."
        found.append(checks.Warning("CENSUS_PACE_SECONDS is impolite.", hint=hint, id="census.W001"))
    if not 0 < settings.CENSUS_TIMEOUT_SECONDS <= 95:
        hint = "A lookup must end before the queue's own limit of 120 seconds for a task."
        found.append(checks.Error("CENSUS_TIMEOUT_SECONDS is out of range.", hint=hint, id="census.E004"))
    if settings.CENSUS_IN_FLIGHT < 1:
        hint = "1 looks people up one after the other; 8 uses a pace of 5 seconds to the full."
        found.append(checks.Error("CENSUS_IN_FLIGHT is out of range.", hint=hint, id="census.E005"))
    if settings.CENSUS_BREAKER_FAILURES < 1 or settings.CENSUS_REST_SECONDS <= 0:
        hint = "5 failures in a row and a first rest of 120 seconds are the defaults."
        found.append(checks.Error("A source would never stop resting, or never start.", hint=hint, id="census.E006"))
    if not 0 <= settings.EVIDENCE_DAYS <= 3650:
        hint = "30 days are the default; 0 empties all of it every day."
        found.append(checks.Error("EVIDENCE_DAYS is out of range.", hint=hint, id="census.E008"))
    return found
