"""The census record of a person: the last answer, and the state of their lookup.

Nothing here writes a status. These do: `worker/` for lookups, `actions.py` for the person, `bulk.py` for many at once,
`evidence.py` for what is read again, and `assisted.py` for what people looked up themselves.
"""

from urllib.parse import urlencode
from zlib import crc32

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from vereda.census import wording as wordings
from vereda.census.models.querysets import CedulaInfoQuerySet
from vereda.census.sources.reading.novedades import NovedadKind, kind_of
from vereda.census.statuses import ANSWERS, FAILURES, UNAUTHORISED, WAITING, Status
from vereda.lib.logs import mask_numbers

LONGEST_TEXT = 300
"""The most characters of a census text; the parser takes longer ones for no text of the census."""

LONGEST_READER = 120


class Priority(models.IntegerChoices):
    """Whose lookup comes first."""

    AT_A_SCREEN = 0, "Alguien espera"
    IN_BULK = 1, "En grupo"
    REPEAT = 2, "Ya tiene una respuesta reciente"


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


class BulkRefresh(models.Model):
    """A leader's request to look up again all people of a search and a tab: one row for all of them."""

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
    """What the census says about one person, and the state of their lookup."""

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
    day = models.DateField("día de las consultas contadas", null=True, blank=True)
    day_lookups = models.PositiveSmallIntegerField("consultas del día", default=0)
    day_own = models.PositiveSmallIntegerField("consultas del día, pedidas por sí misma", default=0)
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
            models.Index(fields=["status", "priority", "requested_at"], name="census_longest_waiting"),
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
        """Differs for two states of the lookup. Short, because pages send it with every poll.

        A reply that is read again changes only the answer and its date.
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
    def waits_for_tomorrow(self) -> bool:
        """Whether it was put off, because the person was looked up as often as a day allows."""
        return self.status == Status.PENDING and self.day is not None and self.day > timezone.localdate()

    @property
    def refresh_label(self) -> str:
        return "Adelantar" if self.can_go_ahead else "Actualizar"

    @property
    def has_answer(self) -> bool:
        """Whether the census ever answered; that answer stays on screen during a refresh."""
        return bool(self.answer_status)

    @property
    def is_retrying(self) -> bool:
        """Whether an attempt failed and another one will follow."""
        return self.status in WAITING and bool(self.error_message)

    @property
    def wording(self) -> wordings.Wording:
        if not self.is_authorised:
            return wordings.UNAUTHORISED
        if self.status == Status.PENDING and self.is_retrying:
            return wordings.RETRYING
        return wordings.of_status(Status(self.status), self.novedad_kind)

    @property
    def answer_wording(self) -> wordings.Wording | None:
        """None if the census never answered."""
        return wordings.of_status(Status(self.answer_status), self.novedad_kind) if self.answer_status else None

    @property
    def shows_older_answer(self) -> bool:
        """Whether the page shows the last answer beside the state of a refresh."""
        return self.has_answer and self.status != self.answer_status

    @property
    def is_being_asked(self) -> bool:
        return self.status == Status.PROCESSING

    @property
    def has_place(self) -> bool:
        return self.answer_status == Status.ACTIVE

    @property
    def map_url(self) -> str:
        """A map search by the voting place's name and address."""
        parts = (self.puesto, self.direccion, self.municipio, self.departamento, "Colombia")
        query = urlencode({"api": "1", "query": ", ".join(part for part in parts if part)})
        return f"https://www.google.com/maps/search/?{query}"

    @property
    def has_novedad(self) -> bool:
        return bool(self.novedad)

    @property
    def masked_evidence(self) -> str:
        """The reply that could not be used, as people may see it: all numbers masked, also other people's."""
        return mask_numbers(self.raw_response)

    @property
    def answer_source_name(self) -> str:
        """How people call the last answer's source, as it stands after "Según"."""
        return wordings.of_source(self.answer_source).name

    @property
    def answer_source_label(self) -> str:
        """The same, short, for tables."""
        return wordings.of_source(self.answer_source).label

    @property
    def novedad_kind(self) -> NovedadKind | None:
        """None if the last answer is no novedad."""
        return kind_of(self.novedad) if self.novedad else None
