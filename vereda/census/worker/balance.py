"""Asks the captcha service what is left to spend, and writes it down for everybody who wants to know."""

import asyncio
from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from vereda.census import roster
from vereda.census.models import CaptchaBalance
from vereda.census.models.watching import ASK_BALANCE_EVERY
from vereda.census.sources.asking.captcha import CaptchaError
from vereda.census.sources.build import build_solver


def ask(now: datetime) -> Decimal:
    """Return the balance in US dollars, after writing it down. Raises `CaptchaError`."""
    dollars = asyncio.run(build_solver(roster.configuration("")).balance())
    known = {"dollars": dollars, "asked_at": now}
    CaptchaBalance.objects.update_or_create(solver=settings.CAPTCHA_SOLVER, defaults=known)
    return dollars


def ask_if_due(now: datetime) -> None:
    """Ask, unless there is no service, or somebody has asked lately. Without a reply the last balance stays."""
    if settings.CAPTCHA_SOLVER == "none":
        return
    never = CaptchaBalance(solver=settings.CAPTCHA_SOLVER, asked_at=now - ASK_BALANCE_EVERY)
    CaptchaBalance.objects.bulk_create([never], ignore_conflicts=True)
    if CaptchaBalance.objects.stale(now).filter(solver=settings.CAPTCHA_SOLVER).update(asked_at=now) == 1:
        with suppress(CaptchaError, ValueError):
            ask(now)
