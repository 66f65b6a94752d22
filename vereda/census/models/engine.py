"""What the engine writes down: every attempt, the state of each source, and the workers that run."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models

from vereda.census.models.record import CedulaInfo, Reason
from vereda.census.statuses import ClosedReason

LATE_AFTER = timedelta(seconds=90)
"""After so long without a heartbeat a worker counts as gone: longer than a watchdog needs to start it again."""


class LookupAttempt(models.Model):
    """One try at asking, written once when it ended. It holds no cédula and nothing of the page."""

    class Outcome(models.TextChoices):
        FOUND = "found", "Encontrado"
        CANCELLED = "cancelled", "Con novedad"
        NOT_FOUND = "not_found", "No está en el censo"
        BLOCKED = "blocked", "Bloqueada"
        TIMEOUT = "timeout", "Sin respuesta a tiempo"
        NETWORK_ERROR = "network_error", "Sin conexión"
        PARSE_ERROR = "parse_error", "Página ilegible"
        CAPTCHA_FAILED = "captcha_failed", "Captcha sin resolver"
        RELEASED = "released", "Devuelta sin consultar"
        LOST = "lost", "El proceso se perdió"

    record = models.ForeignKey(
        CedulaInfo, models.CASCADE, related_name="lookup_attempts", verbose_name="registro del censo"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name="pedida por"
    )
    reason = models.CharField("motivo", max_length=20, choices=Reason)
    source = models.CharField("fuente", max_length=40)
    started_at = models.DateTimeField("inicio")
    ended_at = models.DateTimeField("fin")
    outcome = models.CharField("resultado", max_length=20, choices=Outcome)
    detail = models.CharField("detalle técnico", max_length=300, blank=True)
    captcha_seconds = models.FloatField("segundos del captcha", null=True)
    captcha_cost = models.DecimalField("costo del captcha (US$)", max_digits=9, decimal_places=5, null=True)

    class Meta:
        verbose_name = "intento de consulta"
        verbose_name_plural = "intentos de consulta"
        indexes = [
            models.Index(fields=["record", "-started_at"], name="census_attempts_of_record"),
            models.Index(fields=["source", "-started_at", "outcome", "record"], name="census_attempts_at_source"),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} · {self.started_at:%Y-%m-%d %H:%M:%S}"


class SourceState(models.Model):
    """Whether a lookup may start at a source, and when: one row per source, for every worker and host.

    `free_at` is in seconds since the epoch by the database's clock, so that one atomic statement can move it.
    """

    source = models.CharField("fuente", max_length=40, primary_key=True)
    is_paused = models.BooleanField(
        "en pausa",
        default=False,
        help_text=(
            "Mientras esté marcada no se consulta en esta fuente, sino en la siguiente de la lista; "
            "si no hay otra, los turnos quedan guardados."
        ),
    )
    free_at = models.FloatField("libre desde (época, s)", default=0)
    usual_seconds = models.FloatField("duración usual (s)", default=0)
    troubles = models.PositiveIntegerField("fallos seguidos", default=0)
    rests = models.PositiveIntegerField("descansos seguidos", default=0)
    rests_until = models.DateTimeField("descansa hasta", null=True, blank=True)
    rest_reason = models.CharField("por qué descansa", max_length=20, choices=ClosedReason, blank=True)
    probe_until = models.DateTimeField("consulta de prueba hasta", null=True, blank=True)
    day = models.DateField("día de las cuentas", null=True, blank=True)
    day_lookups = models.PositiveIntegerField("consultas del día", default=0)
    day_dollars = models.DecimalField("captchas del día (US$)", max_digits=9, decimal_places=5, default=0)

    class Meta:
        verbose_name = "estado de una fuente"
        verbose_name_plural = "estado de las fuentes"

    def __str__(self) -> str:
        return self.source


class WorkerQuerySet(models.QuerySet["Worker"]):
    """Questions about several workers."""

    def alive(self, now: datetime) -> Self:
        """Those with a recent heartbeat, the oldest first."""
        return self.filter(seen_at__gte=now - LATE_AFTER).order_by("started_at")


class Worker(models.Model):
    """A cluster of worker processes that runs, or ran until a moment ago, with its heartbeats."""

    class Fault(models.TextChoices):
        """Why it can look nobody up."""

        NO_BROWSER = "no browser", "No tiene navegador"

    key = models.CharField("clave", max_length=100, primary_key=True)
    host = models.CharField("máquina", max_length=100)
    pid = models.PositiveIntegerField("proceso")
    version = models.CharField("versión del código", max_length=40)
    started_at = models.DateTimeField("inicio")
    seen_at = models.DateTimeField("última señal")
    fault = models.CharField("qué le falta", max_length=20, choices=Fault, blank=True)
    beat = models.CharField("último latido", max_length=40, blank=True)
    beaten_at = models.DateTimeField("hora del latido", null=True, blank=True)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        verbose_name = "proceso de consultas"
        verbose_name_plural = "procesos de consultas"
        indexes = [models.Index(fields=["seen_at"], name="census_workers_seen")]

    def __str__(self) -> str:
        return f"{self.host} · {self.pid}"
