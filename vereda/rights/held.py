"""Everything that is held about a person. Their page and their download show the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from vereda.accounts import consents
from vereda.accounts.consents import CurrentConsents
from vereda.accounts.entering import open_sessions
from vereda.accounts.models import AuditEntry, Consent, PersonSession, Purpose, User
from vereda.census.models import BulkRefresh, CedulaInfo, LookupAttempt
from vereda.census.sources.port import answer_texts
from vereda.rights.models import RightsRequest

SELF, INVITER, STAFF, GONE, OTHER, PRODUCT = (
    "Usted",
    "Quien le invitó",
    "Quien administra el sitio",
    "Una cuenta que ya no existe",
    "Otra persona con permiso",
    "Vereda, por sí sola",
)


@dataclass(frozen=True, slots=True)
class Action:
    """Something that was done with the person's data. `who` is a role, never the name of another person."""

    at: datetime
    what: str
    who: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """One attempt at asking the census about the person."""

    at: datetime
    source: str
    reason: str
    outcome: str
    who: str


@dataclass(frozen=True, slots=True)
class Held:
    """What is held about one person."""

    person: User
    consents: CurrentConsents
    acts: list[Consent]
    record: CedulaInfo | None
    lookups: list[Lookup]
    about: list[Action]
    own: list[Action]
    bulks: list[BulkRefresh]
    requests: list[RightsRequest]
    sessions: list[PersonSession]
    referral_count: int

    @property
    def permissions(self) -> list[tuple[Purpose, Consent | None]]:
        """Each purpose with the act that gave it, if it holds."""
        return [(purpose, self.consents.by_purpose.get(purpose)) for purpose in Purpose]


def held_of(person: User, *, latest: int | None = None) -> Held:
    """Return everything that is held about a person. `latest` limits lookups and events; None means all."""
    record = CedulaInfo.objects.filter(user=person).first()
    attempts = LookupAttempt.objects.filter(record=record).order_by("-started_at")[:latest] if record else []
    entries = AuditEntry.objects.filter(Q(person=person) | Q(actor=person)).order_by("-pk")[:latest]
    known = User.objects.in_bulk({entry.actor_id for entry in entries} | {one.requested_by_id for one in attempts})
    acts = Consent.objects.filter(user=person).select_related("policy").defer("policy__text").order_by("-pk")
    now = timezone.now()

    def who(pk: int | None, nobody: str = GONE) -> str:
        return _in_a_word(known.get(pk), person) if pk else nobody

    return Held(
        person=person,
        consents=consents.current_consents(person),
        acts=list(acts),
        record=record,
        lookups=[
            Lookup(
                one.started_at,
                one.source,
                one.get_reason_display(),
                one.get_outcome_display(),
                who(one.requested_by_id),
            )
            for one in attempts
        ],
        about=[
            Action(one.at, one.get_action_display(), who(one.actor_id, PRODUCT))
            for one in entries
            if one.person_id == person.pk
        ],
        own=[Action(one.at, one.get_action_display(), SELF) for one in entries if one.person_id != person.pk],
        bulks=list(BulkRefresh.objects.filter(requested_by=person).order_by("-requested_at")),
        requests=list(RightsRequest.objects.filter(person=person).order_by("-received_on")),
        sessions=[row for row, _ in open_sessions.open_rows(person, now)],
        referral_count=person.referrals.count(),
    )


def as_json(held: Held) -> dict[str, Any]:
    """Return it as plain values with Spanish names, for a file."""
    person, record = held.person, held.record
    return {
        "cuenta": {
            "cedula": person.cedula,
            "nombre_completo": person.full_name,
            "telefono": person.phone,
            "rol": person.get_role_display(),
            "codigo_de_invitacion": person.referral_code,
            "enlace_en_pausa": person.is_link_paused,
            "tiene_quien_le_invito": person.referred_by_id is not None,
            "meta_de_invitados": person.referral_goal,
            "invitados": held.referral_count,
            "fecha_de_registro": person.date_joined,
            "ultimo_ingreso": person.last_login,
            "ingreso_en_dos_pasos_desde": person.second_step_since,
            "ultimo_enlace_para_una_clave_nueva": person.reset_link_at,
            "otro_registro_con_su_cedula": person.registration_tried_at,
            "activa": person.is_active,
            "entra_a_la_administracion": person.is_staff,
            "superusuario": person.is_superuser,
        },
        "autorizaciones": [
            {
                "fecha": act.at,
                "finalidad": act.get_purpose_display(),
                "acto": "autorizó" if act.is_given else "retiró",
                "version_de_la_politica": act.policy.version,
                "sha256_del_texto": act.policy_hash,
                "medio": act.get_channel_display(),
                "direccion_ip": act.address,
            }
            for act in held.acts
        ],
        "censo": _record_json(record) if record else None,
        "consultas": [_lookup_json(lookup) for lookup in held.lookups],
        "accesos_a_sus_datos": _actions_json(held.about),
        "lo_que_usted_hizo": _actions_json(held.own),
        "consultas_en_grupo_que_pidio": [
            {"fecha": bulk.requested_at, "personas": bulk.total, "cancelada": bulk.cancelled_at} for bulk in held.bulks
        ],
        "solicitudes": [
            {
                "que_pide": one.get_kind_display(),
                "recibida": one.received_on,
                "vence": one.due_on,
                "respondida": one.answered_on,
            }
            for one in held.requests
        ],
        "sesiones_abiertas": [
            {"navegador": open_sessions.device_in(row), "termina": row.expire_date} for row in held.sessions
        ],
    }


def _record_json(record: CedulaInfo) -> dict[str, Any]:
    columns = [column.name for column in CedulaInfo._meta.concrete_fields]
    return {
        "estado": record.wording.badge,
        **{name: getattr(record, name) for name in columns if name in answer_texts()},
        "fuente": record.answer_source,
        "respuesta_obtenida": record.fetched_at,
        "que_paso": record.error_message,
        "consulta_pedida": record.requested_at if record.is_authorised else None,
        "pagina_que_no_pudimos_leer": record.masked_evidence,
        "pagina_recibida": record.evidence_at,
    }


def _lookup_json(lookup: Lookup) -> dict[str, Any]:
    return {
        "fecha": lookup.at,
        "fuente": lookup.source,
        "motivo": lookup.reason,
        "resultado": lookup.outcome,
        "quien": lookup.who,
    }


def _actions_json(actions: Iterable[Action]) -> list[dict[str, Any]]:
    return [{"fecha": action.at, "que": action.what, "quien": action.who} for action in actions]


def _in_a_word(actor: User | None, person: User) -> str:
    """Return the role of `actor` as seen by `person`, without a name."""
    if actor is None:
        return GONE
    if actor.pk == person.pk:
        return SELF
    if actor.pk == person.referred_by_id:
        return INVITER
    return STAFF if actor.is_staff or actor.is_superuser else OTHER
