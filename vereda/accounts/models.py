"""People and their roles, rate limits, the audit trail and tombstones.

Next on the reading path: `vereda/census/actions.py`.
"""

import re
import secrets
from collections.abc import Iterable
from typing import Any, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.crypto import salted_hmac

from vereda.accounts.agreements import Channel, Consent, Policy, Purpose, allows
from vereda.accounts.fields import FoldedField, set_null
from vereda.accounts.sessions import PersonSession
from vereda.lib import cedula as cedulas
from vereda.lib import phone as phones
from vereda.lib.text import fold

__all__ = [
    "AuditEntry",
    "AuditHead",
    "Channel",
    "Consent",
    "PersonSession",
    "Policy",
    "Purpose",
    "RetiredCode",
    "Tombstone",
    "User",
]

REFERRAL_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without those that look or sound alike
REFERRAL_LENGTH = 8


def new_referral_code() -> str:
    """Return 8 random characters: 31**8, about 850 thousand million codes."""
    return "".join(secrets.choice(REFERRAL_ALPHABET) for _ in range(REFERRAL_LENGTH))


def bare_code(typed: str) -> str | None:
    """Return a referral code as it is stored; None for what cannot be one."""
    code = typed.strip().upper()
    return code if len(code) == REFERRAL_LENGTH and set(code) <= set(REFERRAL_ALPHABET) else None


class UserQuerySet(models.QuerySet["User"]):
    """Which people, and who may see them."""

    def visible_to(self, viewer: "User") -> Self:
        """Only whom the viewer may see: themselves and those they invited; a superuser sees everybody."""
        if viewer.is_superuser:
            return self
        return self.filter(Q(pk=viewer.pk) | Q(referred_by=viewer.pk))

    def referrals_of(self, viewer: "User") -> Self:
        """Whom the viewer follows: those they invited; a superuser follows everybody else."""
        visible = self.visible_to(viewer)
        return visible.exclude(pk=viewer.pk) if viewer.is_superuser else visible.filter(referred_by=viewer.pk)

    def matching(self, search: str, *, by_part_of_cedula: bool) -> Self:
        """Whose name has every word of the search, accents ignored, or whose phone or cédula has its digits.

        Without `by_part_of_cedula` a cédula is found by all its digits or by those that the mask shows: other parts
        would let a viewer guess it. Nor is a phone without consent to calls found by parts.
        """
        digits = re.sub(r"^c\.?\s*c\.?|[\s.,+()-]", "", search.strip(), flags=re.IGNORECASE)
        if not (digits.isascii() and digits.isdigit()):
            return self.filter(*(Q(folded_name__contains=word) for word in fold(search).split()))
        is_contactable = Q(allows(Purpose.CONTACT_BY_LEADER, person="pk"))
        by_phone = Q(phone__contains=digits) & is_contactable | Q(phone__in=[f"+{digits}", f"+57{digits}"])
        if by_part_of_cedula:
            return self.filter(Q(cedula__contains=digits) | by_phone)
        by_cedula = Q(cedula__endswith=digits) if len(digits) <= cedulas.SHOWN_DIGITS else Q(cedula=digits)
        return self.filter(by_cedula | by_phone)

    def update(self, **fields: Any) -> int:
        """Update. Raises `TypeError` for columns that have copies elsewhere, which only `save` updates."""
        if copied := fields.keys() & {"full_name", "referred_by", "referred_by_id"}:
            raise TypeError(f"save each person to change {', '.join(sorted(copied))}: copies of it are kept in step")
        return super().update(**fields)

    def with_referral_code(self, code: str) -> "User | None":
        return self.filter(referral_code=bare_code(code), is_active=True, is_link_paused=False).first()


class UserManager(BaseUserManager["User"]):
    """Creates people; the cédula is normalised on the way in."""

    def create_user(self, cedula: str, password: str | None = None, **fields: Any) -> "User":
        """Return a new person. Raises `BadCedulaError` and, for a cédula that exists, IntegrityError."""
        user = self.model(cedula=cedulas.normalise(cedula), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, cedula: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(cedula, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, cedula: str | None) -> "User":
        """Return the person with a cédula, typed with or without dots."""
        try:
            bare = cedulas.normalise(cedula or "")
        except cedulas.BadCedulaError:
            raise self.model.DoesNotExist from None
        return super().get_by_natural_key(bare)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. The cédula is the login name."""

    class Role(models.TextChoices):
        USER = "USER", "Usuario"
        LEADER = "LEADER", "Líder"

    cedula = models.CharField(
        "cédula",
        max_length=10,
        unique=True,
        validators=[RegexValidator(cedulas.SHAPE, "La cédula son solo números, entre 5 y 10, sin puntos.")],
    )
    full_name = models.CharField("nombre completo", max_length=120)
    folded_name = FoldedField(source="full_name", max_length=360, editable=False)
    phone = models.CharField("teléfono", max_length=16, blank=True)
    role = models.CharField("rol", max_length=10, choices=Role, default=Role.USER)
    referral_code = models.CharField(
        "código de invitación", max_length=REFERRAL_LENGTH, unique=True, default=new_referral_code
    )
    referred_by = models.ForeignKey(
        "self", set_null, null=True, blank=True, related_name="referrals", verbose_name="invitado por"
    )
    is_link_paused = models.BooleanField("enlace en pausa", default=False)
    referral_goal = models.PositiveSmallIntegerField("meta de invitados", default=10)
    is_active = models.BooleanField("activo", default=True)
    is_staff = models.BooleanField("entra a la administración", default=False)
    date_joined = models.DateTimeField("fecha de registro", default=timezone.now)
    second_step_since = models.DateTimeField("ingreso en dos pasos desde", null=True, blank=True, editable=False)
    registration_tried_at = models.DateTimeField("otro registro con su cédula", null=True, editable=False)
    reset_link_at = models.DateTimeField("último enlace para una clave nueva", null=True, editable=False)

    objects = UserManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "cedula"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        verbose_name = "persona"
        verbose_name_plural = "personas"
        base_manager_name = "objects"  # so that `leader.referrals.add` goes by the same rules
        indexes = [
            models.Index(fields=["referred_by", "date_joined"], name="referrals_by_date"),
            models.Index(fields=["referred_by", "folded_name"], name="referrals_by_name"),
            models.Index("referred_by", Length("cedula"), "cedula", name="referrals_by_cedula"),
            models.Index(fields=["referred_by", "cedula", "phone"], name="referrals_by_number"),
            models.Index(fields=["date_joined"], name="people_by_date"),
            models.Index(fields=["folded_name"], name="people_by_name"),
            models.Index(Length("cedula"), "cedula", name="people_by_cedula"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(cedula__regex=cedulas.SHAPE), name="cedula_is_bare_digits"),
            models.CheckConstraint(condition=~Q(referred_by=F("id")), name="nobody_refers_themselves"),
        ]

    def __str__(self) -> str:
        return self.full_name

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Save; with the name always its folded copy too."""
        if update_fields is not None and "full_name" in update_fields:
            update_fields = {*update_fields, "folded_name"}
        if "folded_name" in (deferred := self.get_deferred_fields()) and "full_name" not in deferred:
            self.folded_name = ""  # no longer deferred: filled in on the way
        super().save(*args, update_fields=update_fields, **options)

    @property
    def is_leader(self) -> bool:
        return self.is_superuser or self.role == self.Role.LEADER

    @property
    def may_have_second_step(self) -> bool:
        """Whether a second step is offered: to people who see data of others, and to those who have one."""
        return self.has_power or self.second_step_since is not None

    @property
    def has_power(self) -> bool:
        """Whether this account sees other people's data. A leader may not reset its password."""
        return self.is_leader or self.is_staff

    @property
    def first_name(self) -> str:
        return self.full_name.split(" ", 1)[0]

    @property
    def cedula_masked(self) -> str:
        return cedulas.mask(self.cedula)

    @property
    def phone_spaced(self) -> str:
        return phones.spaced(self.phone)

    @property
    def cedula_dotted(self) -> str:
        return cedulas.dotted(self.cedula)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return the hash in every session. A new password or second step changes it, which ends older sessions."""
        since = self.second_step_since.timestamp() if self.second_step_since else ""
        salt = "vereda.accounts.models.User.session"
        return salted_hmac(salt, f"{self.password} {since}", secret=secret, algorithm="sha256").hexdigest()

    def get_short_name(self) -> str:
        return self.first_name


class RetiredCode(models.Model):
    """A referral code that leads nowhere any more. It is kept so that its link can say so and nobody gets it again."""

    code = models.CharField("código de invitación", max_length=REFERRAL_LENGTH, primary_key=True)

    class Meta:
        verbose_name = "código retirado"
        verbose_name_plural = "códigos retirados"

    def __str__(self) -> str:
        return self.code


class Throttle(models.Model):
    """A rate limit's count. `key` is an HMAC of what is limited and of the client, so that neither can be read."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=1)
    since = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.count} · {self.since:%Y-%m-%d %H:%M:%S}"


class AuditEntry(models.Model):
    """Who did what with whose data, and when. Only `audit.py` adds to it; the database refuses to change or delete it.

    `actor` and `person` keep the ids of erased accounts, which identify nobody.
    """

    class Action(models.TextChoices):
        CEDULA_SEEN = "cedula_seen", "Vio la cédula completa"
        LOOKUP_ASKED = "lookup_asked", "Pidió consultar de nuevo a una persona"
        BULK_ASKED = "bulk_asked", "Pidió consultar de nuevo a varias personas"
        ANSWER_ENTERED = "answer_entered", "Ingresó una respuesta del censo"
        EXPORTED = "exported", "Exportó datos"
        PERSON_ADDED = "person_added", "Agregó a una persona"
        PERSON_CHANGED = "person_changed", "Cambió los datos de una persona"
        ROLE_CHANGED = "role_changed", "Cambió un rol o un permiso"
        ERASED = "erased", "Borró a una persona"
        CONSENT_GIVEN = "consent_given", "Aceptó el tratamiento de datos"
        CONSENT_WITHDRAWN = "consent_withdrawn", "Retiró su autorización"
        RESET_LINK_ISSUED = "reset_link_issued", "Dio un enlace para una clave nueva"
        PASSWORD_CHANGED = "password_changed", "Cambió una clave"
        LOGGED_IN = "logged_in", "Ingresó con permisos de administración"
        SECOND_STEP_ON = "second_step_on", "Activó el segundo paso"
        SECOND_STEP_OFF = "second_step_off", "Desactivó el segundo paso"
        RECOVERY_USED = "recovery_used", "Ingresó con un código de respaldo"
        TRAIL_BROKEN = "trail_broken", "La auditoría había sido alterada"

    LONGEST_DETAIL = 200

    id = models.PositiveBigIntegerField("número", primary_key=True)
    at = models.DateTimeField("fecha", default=timezone.now, db_index=True)
    action = models.CharField("qué hizo", max_length=30, choices=Action)
    actor = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", verbose_name="quién"
    )
    person = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", verbose_name="de quién"
    )
    detail = models.CharField("detalle", max_length=LONGEST_DETAIL, blank=True)
    previous_hash = models.CharField("huella anterior", max_length=64, blank=True)
    hash = models.CharField("huella", max_length=64)

    class Meta:
        verbose_name = "registro de auditoría"
        verbose_name_plural = "auditoría"

    def __str__(self) -> str:
        return f"{self.get_action_display()} · {self.at:%Y-%m-%d %H:%M:%S}"


class AuditHead(models.Model):
    """The end of the audit trail: the number of entries. Its one row is locked while entries are added."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    count = models.PositiveBigIntegerField(default=0)
    seal = models.CharField(max_length=64)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there_is_one_audit_head")]

    def __str__(self) -> str:
        return f"{self.count}"


class Tombstone(models.Model):
    """Says that somebody was erased: an HMAC of their cédula, from which nobody can compute it."""

    digest = models.CharField("huella", max_length=64, unique=True)
    erased_at = models.DateTimeField("borrada", default=timezone.now)

    class Meta:
        verbose_name = "marca de borrado"
        verbose_name_plural = "marcas de borrado"

    def __str__(self) -> str:
        return f"{self.erased_at:%Y-%m-%d %H:%M}"
