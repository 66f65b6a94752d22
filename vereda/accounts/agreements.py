"""What people agree to: the versions of the data policy, and every act of giving or withdrawing consent to a purpose.

By Ley 1581 de 2012 and Decreto 1377 de 2013. Both are only ever added to: a published version does not change, and who
withdraws leaves an act of their own. `vereda/accounts/policies.py` and `consents.py` write them.
"""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone


class PolicyQuerySet(models.QuerySet["Policy"]):
    """Which versions of the policy."""

    def published(self) -> Self:
        """Those that people could read, the newest first."""
        return self.filter(published_at__isnull=False).order_by("-published_at", "-pk")

    def current(self) -> "Policy":
        """Return the version in force. There always is one: `migrate` makes the first."""
        policy = self.published().first()
        assert policy is not None  # noqa: S101 - see above
        return policy


class Policy(models.Model):
    """One version of the data policy: a draft until it is published, and never changed after that."""

    version = models.CharField("versión", max_length=20, unique=True, null=True, blank=True)
    text = models.TextField(
        "texto", help_text="Títulos con ##, listas con -, negrilla entre ** y enlaces [así](https://…)."
    )
    text_hash = models.CharField("SHA-256 del texto", max_length=64, blank=True)
    created_at = models.DateTimeField("creada", default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="escrita por"
    )
    published_at = models.DateTimeField("publicada", null=True, blank=True)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name = "política de datos"
        verbose_name_plural = "política de datos"
        constraints = [
            models.CheckConstraint(
                condition=Q(published_at=None, version=None, text_hash="")
                | Q(published_at__isnull=False, version__isnull=False) & ~Q(text_hash=""),
                name="policy_published_has_version_and_hash",
            )
        ]

    def __str__(self) -> str:
        return f"Versión {self.version}" if self.version else "Borrador"


class Purpose(models.TextChoices):
    """What a person's data may be used for: each is given and withdrawn by itself."""

    ACCOUNT = "account", "Tener su cuenta en Vereda"
    CENSUS_LOOKUP = "census_lookup", "Consultar dónde vota en el censo electoral"
    CONTACT_BY_LEADER = "contact_by_leader", "Que la persona que le invitó le llame o le escriba"


BY_ACCEPTANCE = (Purpose.ACCOUNT, Purpose.CENSUS_LOOKUP)
"""What the product is for: accepting the policy stands for these. Any other purpose is ticked by itself."""


class Channel(models.TextChoices):
    """How an act of consent reached us."""

    WEB = "web", "Registro en el sitio"
    LINK = "link", "Registro con un enlace de invitación"
    OWN = "own", "La persona, desde «Mis datos»"


class Consent(models.Model):
    """Proof that a person gave their consent to one purpose under one version of the policy, or withdrew it.

    What holds is the last act about a purpose. The hash says which text was agreed to, whatever became of it.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="consents", db_index=False, verbose_name="persona"
    )
    purpose = models.CharField("finalidad", max_length=30, choices=Purpose)
    is_given = models.BooleanField("autoriza", help_text="Sin marcar: la retiró.")
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", verbose_name="política")
    policy_hash = models.CharField("SHA-256 del texto", max_length=64)
    channel = models.CharField("medio", max_length=10, choices=Channel)
    at = models.DateTimeField("fecha", default=timezone.now)
    address = models.GenericIPAddressField("dirección IP", null=True)

    class Meta:
        verbose_name = "consentimiento"
        verbose_name_plural = "consentimientos"
        indexes = [models.Index(fields=["user", "purpose", "-id"], name="consent_last_act")]
        constraints = [
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="consent_purpose_is_known"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="consent_channel_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} · {self.at:%Y-%m-%d %H:%M}"


def allows(purpose: Purpose, *, person: str) -> Coalesce:
    """Return a query expression: whether a purpose holds for the person in the column `person`."""
    acts = Consent.objects.filter(user=OuterRef(person), purpose=purpose).order_by("-pk")
    return Coalesce(Subquery(acts.values("is_given")[:1]), Value(value=False))
