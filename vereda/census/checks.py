"""System checks: bad settings are reported at the start, with a hint."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks

from vereda.census import roster
from vereda.census.sources.config import KNOWN_SOLVERS, KNOWN_SOURCES, SourceKind

SHORTEST_PACE_SECONDS = 0.05
"""A slot that is reported half a pace late is not used, and a database needs a few milliseconds to report it."""
POLITE_PACE_SECONDS = 5
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


@checks.register
def census_settings(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Find census settings that cannot work, or are impolite."""
    return [*_sources(), *_captcha(), *_limits(), *_alerts()]


def _sources() -> Iterator[checks.CheckMessage]:
    named = settings.CENSUS_SOURCE
    if not set(named) <= KNOWN_SOURCES.keys() or len(set(named)) < len(named):
        hint = f"Known sources, each once, separated by commas: {', '.join(KNOWN_SOURCES)}."
        yield checks.Error("CENSUS_SOURCE names no known source.", hint=hint, id="census.E001")
        return
    for name in ("CENSUS_URL", "CENSUS_PACE_SECONDS", "CENSUS_DAILY_LOOKUPS"):
        if len(getattr(settings, name)) > len(named):
            hint = "One value for each source, in the order of CENSUS_SOURCE."
            yield checks.Error(f"{name} has more values than there are sources.", hint=hint, id="census.E009")
    if "practice" in named and not all(urlsplit(_address(source)).hostname in _THIS_MACHINE for source in named):
        hint = "Nobody invented may be asked about at a real source: give CENSUS_URL for each, or leave practice out."
        yield checks.Error("CENSUS_SOURCE mixes practice with a source elsewhere.", hint=hint, id="census.E010")
    if named != roster.names():
        hint = "Set VERIFIK_TOKEN, or take verifik out of CENSUS_SOURCE."
        level = checks.Warning if roster.names() else checks.Error
        yield level("The source verifik has no token, and is not asked.", hint=hint, id="census.W002")
    if settings.VERIFIK_TOKEN and not re.fullmatch(r"[!-~]+", settings.VERIFIK_TOKEN):
        hint = "Copy it again from Verifik: letters, digits and signs, no spaces."
        yield checks.Error("VERIFIK_TOKEN cannot be a token.", hint=hint, id="census.E011")
    for source in named:
        yield from _pace(source)


def _pace(source: str) -> Iterator[checks.CheckMessage]:
    pace = roster.pace_seconds(source)
    if pace < SHORTEST_PACE_SECONDS:
        hint = f"5 seconds is the default; for practice {SHORTEST_PACE_SECONDS} and more will do."
        yield checks.Error("CENSUS_PACE_SECONDS is out of range.", hint=hint, id="census.E007")
    elif pace < POLITE_PACE_SECONDS and KNOWN_SOURCES[source].kind is SourceKind.PAGE and source != "practice":
        hint = "The census site is shared by everybody: 5 seconds or more."
        yield checks.Warning("CENSUS_PACE_SECONDS is impolite.", hint=hint, id="census.W001")


def _address(source: str) -> str:
    return roster.configuration(source).address


def _captcha() -> Iterator[checks.CheckMessage]:
    if settings.CAPTCHA_SOLVER not in KNOWN_SOLVERS:
        hint = f"Known solvers: {', '.join(KNOWN_SOLVERS)}."
        yield checks.Error("CAPTCHA_SOLVER names no known solver.", hint=hint, id="census.E002")
    if settings.CAPTCHA_SOLVER == "2captcha" and not settings.TWOCAPTCHA_API_KEY:
        hint = "Set TWOCAPTCHA_API_KEY, or CAPTCHA_SOLVER=none."
        yield checks.Error("The captcha solver 2captcha has no key.", hint=hint, id="census.E003")


def _limits() -> Iterator[checks.CheckMessage]:
    if not 0 < settings.CENSUS_TIMEOUT_SECONDS <= 95:
        hint = "A lookup must end before the queue's own limit of 120 seconds for a task."
        yield checks.Error("CENSUS_TIMEOUT_SECONDS is out of range.", hint=hint, id="census.E004")
    if settings.CENSUS_IN_FLIGHT < 1:
        hint = "1 looks people up one after the other; 8 uses a pace of 5 seconds to the full."
        yield checks.Error("CENSUS_IN_FLIGHT is out of range.", hint=hint, id="census.E005")
    if settings.CENSUS_BREAKER_FAILURES < 1 or settings.CENSUS_REST_SECONDS <= 0:
        hint = "5 failures in a row and a first rest of 120 seconds are the defaults."
        yield checks.Error("A source would never stop resting, or never start.", hint=hint, id="census.E006")
    if not 0 <= settings.EVIDENCE_DAYS <= 3650:
        hint = "30 days are the default; 0 empties all of it every day."
        yield checks.Error("EVIDENCE_DAYS is out of range.", hint=hint, id="census.E008")


def _alerts() -> Iterator[checks.CheckMessage]:
    if not all(re.match(r"[\w.+-]+://.", address) for address in settings.ALERT_URLS):
        hint = "Addresses as apprise writes them, such as tgram://token/chat, separated by commas."
        yield checks.Error("ALERT_URLS holds something that is no address.", hint=hint, id="census.E012")
