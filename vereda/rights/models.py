"""What people ask of the organisation about their data, where they do not do it themselves on their pages."""

from datetime import date

from django.conf import settings
from django.db import models
from django.utils import timezone

from vereda.rights.deadlines import Kind, due_on


class RightsRequest(models.Model):
    """Somebody's query or claim. It names nobody but by the account, and goes with it."""

    kind = models.CharField("qué pide", max_length=10, choices=Kind)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="persona",
        help_text="Vacío si no tiene cuenta.",
    )
    received_on = models.DateField("recibida", default=timezone.localdate)
    answered_on = models.DateField("respondida", null=True, blank=True)

    class Meta:
        verbose_name = "solicitud de un titular"
        verbose_name_plural = "solicitudes de titulares"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.received_on:%Y-%m-%d}"

    @property
    def due_on(self) -> date:
        return due_on(Kind(self.kind), self.received_on)

    @property
    def is_overdue(self) -> bool:
        return self.answered_on is None and self.due_on < timezone.localdate()
