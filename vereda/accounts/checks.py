"""System checks: bad settings about people are said at the start, with a hint."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core import checks

LONGEST_WAIT_MINUTES = 7 * 24 * 60


@checks.register
def people_settings(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Find settings with which nobody could log in or register, or that nobody could be told apart by."""
    return [*_logins(), *_requests()]


def _logins() -> Iterator[checks.CheckMessage]:
    for name, usual in (("LOGIN_FAILURES", 10), ("LOGIN_FAILURES_WIDE", 100)):
        if getattr(settings, name) < 1:
            hint = f"{usual} is the default; with less than 1 nobody could log in."
            yield checks.Error(f"{name} is out of range.", hint=hint, id="accounts.E001")
    if not 0 < settings.LOGIN_WAIT_MINUTES <= LONGEST_WAIT_MINUTES:
        hint = "15 minutes is the default; more than 0, and a week (10080) at most."
        yield checks.Error("LOGIN_WAIT_MINUTES is out of range.", hint=hint, id="accounts.E002")


def _requests() -> Iterator[checks.CheckMessage]:
    if settings.REGISTRATIONS_PER_HOUR < 1:
        hint = "300 is the default; with less than 1 nobody could register."
        yield checks.Error("REGISTRATIONS_PER_HOUR is out of range.", hint=hint, id="accounts.E003")
    if settings.PROXY_COUNT < 0:
        hint = "0 without a proxy of your own in front, else how many there are."
        yield checks.Error("PROXY_COUNT is out of range.", hint=hint, id="accounts.E004")
