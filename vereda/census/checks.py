"""System checks: bad settings are reported at the start, with a hint."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks

from vereda.census import roster, rules
from vereda.census.sources.config import KNOWN_SOLVERS, KNOWN_SOURCES, SourceKind

SHORTEST_PACE_SECONDS = 0.05
"""A slot that is reported half a pace late is not used, and a database needs a few milliseconds to report it."""
POLITE_PACE_SECONDS = 5
LONGEST_DELAY_SECONDS = 7 * 24 * 3600
MOST_RETRIES = 20
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


@checks.register
def census_settings(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Find census settings that cannot work, or are impolite."""
    return [*_sources(), *_captcha(), *_limits(), *_delays(), *_ceilings(), *_alerts()]


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
    pace, longest = roster.pace_seconds(source), rules.claim_seconds(settings.CENSUS_TIMEOUT_SECONDS)
    if not SHORTEST_PACE_SECONDS <= pace < longest:  # longer: a claim would end before its slot came
        hint = (
            f"5 seconds is the default; for practice {SHORTEST_PACE_SECONDS} and more will do. "
            f"With this CENSUS_TIMEOUT_SECONDS it must be below {longest:g}."
        )
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
    if settings.CAPTCHA_SOLVER == "none" and "registraduria" in settings.CENSUS_SOURCE:
        hint = "Set CAPTCHA_SOLVER=2captcha and TWOCAPTCHA_API_KEY, or take registraduria out of CENSUS_SOURCE."
        yield checks.Warning("The captcha of registraduria has nobody to solve it.", hint=hint, id="census.W003")
    if not 0 < settings.TWOCAPTCHA_POLL_SECONDS < settings.CENSUS_TIMEOUT_SECONDS:
        hint = "5 seconds is the default; more than 0, and less than CENSUS_TIMEOUT_SECONDS."
        yield checks.Error("TWOCAPTCHA_POLL_SECONDS is out of range.", hint=hint, id="census.E012")


def _limits() -> Iterator[checks.CheckMessage]:
    if not 0 < settings.CENSUS_TIMEOUT_SECONDS <= 95:
        hint = "A lookup must end before the queue's own limit of 120 seconds for a task."
        yield checks.Error("CENSUS_TIMEOUT_SECONDS is out of range.", hint=hint, id="census.E004")
    if settings.CENSUS_IN_FLIGHT < 1:
        hint = "1 looks people up one after the other; 8 uses a pace of 5 seconds to the full."
        yield checks.Error("CENSUS_IN_FLIGHT is out of range.", hint=hint, id="census.E005")
    if settings.Q_CLUSTER["workers"] < 1:
        hint = "1 is right for one machine: CENSUS_IN_FLIGHT says how many lookups it keeps going."
        yield checks.Error("Q_WORKERS is out of range.", hint=hint, id="census.E013")
    if settings.CENSUS_BREAKER_FAILURES < 1 or not 0 < settings.CENSUS_REST_SECONDS < math.inf:
        hint = "5 failures in a row and a first rest of 120 seconds are the defaults."
        yield checks.Error("A source would never stop resting, or never start.", hint=hint, id="census.E006")
    if not 0 <= settings.EVIDENCE_DAYS <= 3650:
        hint = "30 days are the default; 0 empties all of it every day."
        yield checks.Error("EVIDENCE_DAYS is out of range.", hint=hint, id="census.E008")


def _delays() -> Iterator[checks.CheckMessage]:
    delays = settings.CENSUS_RETRY_SECONDS
    if len(delays) > MOST_RETRIES or not all(1 <= delay <= LONGEST_DELAY_SECONDS for delay in delays):
        hint = (
            f"60,300,900 is the default: at most {MOST_RETRIES} whole numbers of seconds, each from 1 to a week "
            "(604800); none for no further attempts."
        )
        yield checks.Error("CENSUS_RETRY_SECONDS is out of range.", hint=hint, id="census.E014")
    if not 0 <= settings.CENSUS_COOLDOWN_SECONDS <= LONGEST_DELAY_SECONDS:
        hint = "30 seconds is the default; 0 lets people ask again at once."
        yield checks.Error("CENSUS_COOLDOWN_SECONDS is out of range.", hint=hint, id="census.E015")


def _ceilings() -> Iterator[checks.CheckMessage]:
    if any(ceiling is not None and ceiling < 0 for ceiling in settings.CENSUS_DAILY_LOOKUPS):
        hint = "10000 is the default; 0 asks nobody, none is no ceiling."
        yield checks.Error("CENSUS_DAILY_LOOKUPS is out of range.", hint=hint, id="census.E016")
    dollars = settings.CAPTCHA_DAILY_DOLLARS
    if dollars is not None and not (dollars.is_finite() and dollars >= 0):
        hint = "20 is the default; 0 buys no captcha, none is no ceiling."
        yield checks.Error("CAPTCHA_DAILY_DOLLARS is out of range.", hint=hint, id="census.E017")
    for name, usual in (("CENSUS_DAILY_OWN", 6), ("CENSUS_DAILY_PERSON", 12), ("CENSUS_DAILY_LEADER", 300)):
        cap = getattr(settings, name)
        if cap is not None and cap < 1:
            hint = f"{usual} is the default; none is no cap. To stop lookups, pause the sources in the administration."
            yield checks.Error(f"{name} is out of range.", hint=hint, id="census.E018")


def _alerts() -> Iterator[checks.CheckMessage]:
    if not all(re.match(r"[\w.+-]+://.", address) for address in settings.ALERT_URLS):
        hint = "Addresses as apprise writes them, such as tgram://token/chat, separated by commas."
        yield checks.Error("ALERT_URLS holds something that is no address.", hint=hint, id="census.E019")
