"""What is written down for whoever keeps the service running: alerts, restarts and the captcha balance."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Self

from django.db import models

ASK_BALANCE_EVERY = timedelta(minutes=15)


class Alert(models.Model):
    """A trouble that has begun, kept until every address that heard of it has heard of its end.

    `told` are the fingerprints of the addresses that were told last that it is on, with spaces in between: the check of
    a JSON field would open the database at every start. `next_at` is when somebody may be told next: whoever moves it
    sends.
    """

    code = models.CharField("código", max_length=200, primary_key=True)
    text = models.TextField("qué pasa")
    remedy = models.TextField("qué hacer")
    is_on = models.BooleanField("sigue", default=True)
    began_at = models.DateTimeField("empezó")
    ended_at = models.DateTimeField("terminó", null=True)
    told = models.TextField("avisado a", blank=True)
    tries = models.PositiveIntegerField("avisos fallidos", default=0)
    next_at = models.DateTimeField("próximo aviso")

    class Meta:
        verbose_name = "alerta"
        verbose_name_plural = "alertas"

    def __str__(self) -> str:
        return self.code

    def unheard(self, addresses: Mapping[str, str]) -> dict[str, str]:
        """Return those addresses, by fingerprint, that have yet to hear that it is on, or that it is over."""
        return {name: address for name, address in addresses.items() if (name in self.told.split()) != self.is_on}


class Restart(models.Model):
    """A cluster that died or hung; its watchdog started it again, or gave up."""

    host = models.CharField("máquina", max_length=100)
    at = models.DateTimeField("cuándo", db_index=True)

    class Meta:
        verbose_name = "reinicio"
        verbose_name_plural = "reinicios"

    def __str__(self) -> str:
        return f"{self.host} · {self.at:%Y-%m-%d %H:%M:%S}"


class CaptchaBalanceQuerySet(models.QuerySet["CaptchaBalance"]):
    """Which balances."""

    def stale(self, now: datetime) -> Self:
        """Those that were asked for too long ago to rely on."""
        return self.filter(asked_at__lte=now - ASK_BALANCE_EVERY)


class CaptchaBalance(models.Model):
    """What was left to spend at a captcha service when it last said so; None if it never did."""

    solver = models.CharField("servicio", max_length=40, primary_key=True)
    dollars = models.DecimalField("saldo (US$)", max_digits=11, decimal_places=5, null=True)
    asked_at = models.DateTimeField("preguntado")

    objects = CaptchaBalanceQuerySet.as_manager()

    class Meta:
        verbose_name = "saldo de captchas"
        verbose_name_plural = "saldos de captchas"

    def __str__(self) -> str:
        return self.solver
