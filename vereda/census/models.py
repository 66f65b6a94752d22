"""What the census says of a person (`CedulaInfo`) and every attempt at asking (`LookupAttempt`).

Nothing here writes a status: `vereda/census/actions.py` does, `bulk.py` for many at once, `evidence.py` for what is
read again, and `assisted.py` for what people looked up themselves.
"""

from datetime import datetime, timedelta
from typing import Self
from urllib.parse import urlencode
from zlib import crc32

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from vereda.accounts.agreements import allows
from vereda.accounts.models import Purpose, User
from vereda.census import wording as wordings
from vereda.census.sources.reading.novedades import NovedadKind, kind_of
from vereda.census.statuses import ANSWERS, FAILURES, UNAUTHORISED, WAITING, Status
from vereda.lib.logs import mask_numbers

LONGEST_TEXT = 300
"""Characters of a census text: as many as the parser takes for one."""

LONGEST_READER = 120


class Priority(models.IntegerChoices):
    """Whose lookup comes first."""

    AT_A_SCREEN = 0, "Alguien espera"
    IN_BULK = 1, "En grupo"


class Reason(models.TextChoices):
    """Why a lookup was asked for."""

    REGISTRATION = "registration", "Registro"
    OWN = "own", "La persona"
    LEADER = "leader", "Su líder"
    BULK = "bulk", "En grupo"
    RECHECK = "recheck", "Revisión"
    REPLAY = "replay", "Relectura de la evidencia"
    ASSISTED = "assisted", "Consulta asistida"

    @property
    def priority(self) -> Priority:
        """Whether somebody waits at a screen."""
        return Priority.IN_BULK if self in {Reason.BULK, Reason.RECHECK, Reason.REPLAY} else Priority.AT_A_SCREEN


class CedulaInfoQuerySet(models.QuerySet["CedulaInfo"]):
    """Which records."""

    def visible_to(self, viewer: User) -> Self:
        """Only the records of people whose census data the viewer may see: their own; a leader's referrals'; all."""
        if viewer.is_superuser:
            return self
        if viewer.is_leader:
            return self.filter(Q(user=viewer) | Q(user__referred_by=viewer))
        return self.filter(user=viewer)

    def referrals_of(self, viewer: User) -> Self:
        """Only the records of those whose census data the viewer may follow, for counting and choosing.

        It asks the record's own copy of who invited the person, so that a list of 50,000 needs no join. Whatever
        leaves the product goes through `visible_to`.
        """
        if viewer.is_superuser:
            return self.exclude(user=viewer)
        return self.filter(referred_by=viewer) if viewer.is_leader else self.none()

    def allowed(self) -> Self:
        """Those whose person's consent to lookups holds. Nobody else may be asked about, whatever their status."""
        return self.alias(is_allowed=allows(Purpose.CENSUS_LOOKUP, person="user")).filter(is_allowed=True)

    def not_allowed(self) -> Self:
        """Those whose person has not consented to lookups, or not any more."""
        return self.alias(is_allowed=allows(Purpose.CENSUS_LOOKUP, person="user")).filter(is_allowed=False)

    def refreshable(self, now: datetime) -> Self:
        """Those that a lookup in bulk can help: without an answer of the census, and not asked for a moment ago."""
        cooldown = timedelta(seconds=settings.CENSUS_COOLDOWN_SECONDS)
        return self.filter(status__in=FAILURES, requested_at__lte=now - cooldown)

    def waiting(self) -> Self:
        """Those that nothing is known of yet, or that are being asked about again."""
        return self.filter(status__in=WAITING)

    def due(self, now: datetime) -> Self:
        """Waiting records whose next attempt may start."""
        return self.filter(status=Status.PENDING, next_at__lte=now)

    def in_turn(self) -> Self:
        """Those with somebody at a screen first, then by how long they have been due."""
        return self.order_by("priority", "next_at", "pk")

    def ahead_of(self, record: "CedulaInfo", now: datetime) -> Self:
        """Due records whose turn comes before this one's."""
        as_urgent = Q(priority=record.priority)
        is_earlier = Q(next_at__lt=record.next_at) | Q(next_at=record.next_at, pk__lt=record.pk)
        return self.due(now).filter(Q(priority__lt=record.priority) | as_urgent & is_earlier)

    def with_evidence(self) -> Self:
        """Those whose last failure left something to look at."""
        return self.filter(evidence_at__isnull=False)

    def replayable(self) -> Self:
        """Those nobody is asking about, whose evidence is a whole reply and younger than their last answer."""
        is_newer = Q(fetched_at=None) | Q(fetched_at__lt=models.F("evidence_at"))
        return self.with_evidence().filter(is_newer).exclude(evidence_reader="").exclude(status=Status.PROCESSING)

    def abandoned(self, now: datetime) -> Self:
        """Records whose worker let its claim run out."""
        return self.filter(status=Status.PROCESSING, claim_expires_at__lt=now)


class BulkRefresh(models.Model):
    """A leader's request to look everybody up again whom a search and a tab showed: one row for all of them."""

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="pedida por"
    )
    requested_at = models.DateTimeField("pedida")
    total = models.PositiveIntegerField("personas")
    cancelled_at = models.DateTimeField("cancelada", null=True, blank=True)

    class Meta:
        verbose_name = "consulta en grupo"
        verbose_name_plural = "consultas en grupo"
        indexes = [models.Index(fields=["requested_by", "-requested_at"], name="census_bulk_of_leader")]

    def __str__(self) -> str:
        return f"{self.requested_at:%Y-%m-%d %H:%M} · {self.total}"


class CedulaInfo(models.Model):
    """What the census says of one person, and how asking it is going."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="cedula_info", verbose_name="persona"
    )
    referred_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="invitado por",
        help_text="Copia del dato de la persona.",
    )
    status = models.CharField("estado", max_length=20, choices=Status, default=UNAUTHORISED, blank=True)

    departamento = models.CharField("departamento", max_length=LONGEST_TEXT, blank=True)
    municipio = models.CharField("municipio", max_length=LONGEST_TEXT, blank=True)
    puesto = models.CharField("puesto", max_length=LONGEST_TEXT, blank=True)
    direccion = models.CharField("dirección", max_length=LONGEST_TEXT, blank=True)
    mesa = models.CharField("mesa", max_length=LONGEST_TEXT, blank=True)

    novedad = models.CharField("novedad", max_length=LONGEST_TEXT, blank=True)
    resolucion = models.CharField("resolución", max_length=LONGEST_TEXT, blank=True)
    fecha_novedad = models.CharField("fecha de la novedad", max_length=LONGEST_TEXT, blank=True)

    answer_status = models.CharField("última respuesta", max_length=20, choices=Status, blank=True)
    answer_source = models.CharField("fuente de la respuesta", max_length=40, blank=True)
    fetched_at = models.DateTimeField("respuesta obtenida", null=True, blank=True)
    error_message = models.CharField("qué pasó", max_length=300, blank=True)
    raw_response = models.TextField("evidencia del fallo", blank=True)
    evidence_at = models.DateTimeField("evidencia recibida", null=True, blank=True)
    evidence_source = models.CharField("fuente de la evidencia", max_length=40, blank=True)
    evidence_reader = models.CharField("cómo se lee", max_length=LONGEST_READER, blank=True)

    requested_at = models.DateTimeField("pedida", default=timezone.now)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="pedida por"
    )
    reason = models.CharField("motivo", max_length=20, choices=Reason, default=Reason.REGISTRATION)
    priority = models.PositiveSmallIntegerField("prioridad", choices=Priority, default=Priority.AT_A_SCREEN)
    bulk = models.ForeignKey(
        BulkRefresh,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="consulta en grupo",
    )
    status_before = models.CharField("estado antes de la consulta en grupo", max_length=20, choices=Status, blank=True)
    message_before = models.CharField("qué había pasado antes", max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField("intentos", default=0)
    losses = models.PositiveSmallIntegerField("intentos perdidos", default=0)
    next_at = models.DateTimeField("próximo intento", default=timezone.now)
    captchas = models.PositiveSmallIntegerField("captchas comprados", default=0)
    captcha_task = models.CharField("captcha comprado sin usar", max_length=64, blank=True)
    captcha_source = models.CharField("fuente del captcha", max_length=40, blank=True)
    claim_token = models.UUIDField("turno", null=True, blank=True)
    claimed_at = models.DateTimeField("turno desde", null=True, blank=True)
    claim_expires_at = models.DateTimeField("turno hasta", null=True, blank=True)
    claimed_by = models.CharField("proceso", max_length=120, blank=True)

    objects = CedulaInfoQuerySet.as_manager()

    class Meta:
        verbose_name = "registro del censo"
        verbose_name_plural = "registros del censo"
        indexes = [
            models.Index(fields=["status", "priority", "next_at"], name="census_due"),
            models.Index(fields=["status", "claim_expires_at"], name="census_abandoned"),
            models.Index(fields=["referred_by", "status", "user"], name="census_referrals"),
            models.Index(fields=["status", "user"], name="census_statuses"),
            models.Index(fields=["bulk", "status"], name="census_bulk"),
            models.Index(fields=["evidence_at"], name="census_evidence", condition=Q(evidence_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=[UNAUTHORISED, *Status]), name="census_status_is_known"),
            models.CheckConstraint(
                condition=~Q(status=UNAUTHORISED)
                | Q(answer_status="", fetched_at=None, municipio="", puesto="", novedad="")
                & Q(raw_response="", error_message="", captcha_task=""),
                name="census_unauthorised_holds_nothing",
            ),
            models.CheckConstraint(
                condition=Q(answer_status__in=["", *ANSWERS]), name="census_last_answer_is_an_answer"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=ANSWERS) | Q(answer_status=models.F("status"), fetched_at__isnull=False),
                name="census_answer_has_its_date",
            ),
            models.CheckConstraint(
                condition=~Q(answer_status=Status.ACTIVE) | ~(Q(municipio="") | Q(puesto="") | Q(mesa="")),
                name="census_active_has_a_place",
            ),
            models.CheckConstraint(
                condition=Q(
                    status=Status.PROCESSING,
                    claim_token__isnull=False,
                    claimed_at__isnull=False,
                    claim_expires_at__isnull=False,
                )
                | (
                    ~Q(status=Status.PROCESSING)
                    & Q(claim_token__isnull=True, claimed_at__isnull=True, claim_expires_at__isnull=True)
                ),
                name="census_only_processing_is_claimed",
            ),
            models.CheckConstraint(
                condition=Q(raw_response="") | Q(evidence_at__isnull=False), name="census_evidence_has_its_date"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} ({self.user_id})"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.status not in WAITING

    @property
    def is_authorised(self) -> bool:
        """Whether the person may be asked about."""
        return self.status != UNAUTHORISED

    @property
    def can_be_asked_now(self) -> bool:
        """Whether a request for a lookup would change anything."""
        return self.is_authorised and (self.is_final or self.can_go_ahead)

    @property
    def version(self) -> str:
        """Tells two states of the lookup apart; short, because pages send it with every poll.

        A reply that is read again changes nothing but the answer and its date.
        """
        moments = (self.next_at, self.requested_at, self.fetched_at)
        times = ".".join(str(moment.timestamp()) for moment in moments if moment)
        state = f"{self.status}.{self.priority}.{self.attempts}.{times}"
        return f"{crc32(state.encode()):08x}"

    @property
    def can_refresh_in_bulk(self) -> bool:
        """Whether a lookup in bulk can help: the census has not answered about this person."""
        return self.status in FAILURES

    @property
    def can_go_ahead(self) -> bool:
        """Whether it waits in bulk, behind everybody at a screen."""
        return self.status == Status.PENDING and self.priority == Priority.IN_BULK

    @property
    def refresh_label(self) -> str:
        """What the button says that asks for a lookup of somebody."""
        return "Adelantar" if self.can_go_ahead else "Actualizar"

    @property
    def has_answer(self) -> bool:
        """Whether the census ever answered about this person; that answer stays on screen during a refresh."""
        return bool(self.answer_status)

    @property
    def is_retrying(self) -> bool:
        """Whether an attempt failed and another one will follow."""
        return self.status in WAITING and bool(self.error_message)

    @property
    def wording(self) -> wordings.Wording:
        """What people are told about the present state."""
        if not self.is_authorised:
            return wordings.UNAUTHORISED
        if self.status == Status.PENDING and self.is_retrying:
            return wordings.RETRYING
        return wordings.of_status(Status(self.status), self.novedad_kind)

    @property
    def answer_wording(self) -> wordings.Wording | None:
        """What people are told about the last answer, if the census ever gave one."""
        return wordings.of_status(Status(self.answer_status), self.novedad_kind) if self.answer_status else None

    @property
    def shows_older_answer(self) -> bool:
        """Whether the last answer is on screen beside a state of its own: a refresh that runs."""
        return self.has_answer and self.status != self.answer_status

    @property
    def is_being_asked(self) -> bool:
        """Whether a worker is at it right now."""
        return self.status == Status.PROCESSING

    @property
    def has_place(self) -> bool:
        """Whether the last answer is a voting place."""
        return self.answer_status == Status.ACTIVE

    @property
    def map_url(self) -> str:
        """A map of where the voting place is, by its name and address."""
        parts = (self.puesto, self.direccion, self.municipio, self.departamento, "Colombia")
        query = urlencode({"api": "1", "query": ", ".join(part for part in parts if part)})
        return f"https://www.google.com/maps/search/?{query}"

    @property
    def has_novedad(self) -> bool:
        """Whether the last answer is a novedad."""
        return bool(self.novedad)

    @property
    def masked_evidence(self) -> str:
        """The reply that could not be used, as people may see it: not even with a stranger's number in it."""
        return mask_numbers(self.raw_response)

    @property
    def answer_source_name(self) -> str:
        """How people call the source of the last answer."""
        return wordings.of_source(self.answer_source).name

    @property
    def answer_source_label(self) -> str:
        """The same in a word or two, for tables."""
        return wordings.of_source(self.answer_source).label

    @property
    def novedad_kind(self) -> NovedadKind | None:
        """What kind of novedad the last answer reported, by its text."""
        return kind_of(self.novedad) if self.novedad else None


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
    probe_until = models.DateTimeField("consulta de prueba hasta", null=True, blank=True)
    day = models.DateField("día de las cuentas", null=True, blank=True)
    day_lookups = models.PositiveIntegerField("consultas del día", default=0)
    day_dollars = models.DecimalField("captchas del día (US$)", max_digits=9, decimal_places=5, default=0)

    class Meta:
        verbose_name = "estado de una fuente"
        verbose_name_plural = "estado de las fuentes"

    def __str__(self) -> str:
        return self.source


class Worker(models.Model):
    """A cluster of worker processes that runs, or ran until a moment ago: its signs of life."""

    key = models.CharField("clave", max_length=100, primary_key=True)
    host = models.CharField("máquina", max_length=100)
    pid = models.PositiveIntegerField("proceso")
    version = models.CharField("versión del código", max_length=40)
    started_at = models.DateTimeField("inicio")
    seen_at = models.DateTimeField("última señal")
    beat = models.CharField("último latido", max_length=40, blank=True)
    beaten_at = models.DateTimeField("hora del latido", null=True, blank=True)

    class Meta:
        verbose_name = "proceso de consultas"
        verbose_name_plural = "procesos de consultas"
        indexes = [models.Index(fields=["seen_at"], name="census_workers_seen")]

    def __str__(self) -> str:
        return f"{self.host} · {self.pid}"
