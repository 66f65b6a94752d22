"""Invented people for a first look. Their cédulas have nine digits, which the Registraduría does not hand out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from vereda.accounts import consents
from vereda.accounts.consents import Agreement
from vereda.accounts.models import Channel, Policy, Purpose, User
from vereda.census.models import CedulaInfo
from vereda.census.sources.port import Cancelled, Failure, FailureKind, Found, NotFound, Outcome
from vereda.census.worker import claims, outcomes

PASSWORD: str = settings.DEMO_PASSWORD
SOURCE = "demo"


@dataclass(frozen=True, slots=True)
class Login:
    """A login that `./run` prints."""

    label: str
    cedula: str
    password: str = PASSWORD


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person; `invited_by` is a cédula, `outcome` what the census says, None for a lookup yet to come."""

    cedula: str
    full_name: str
    phone: str
    outcome: Outcome | None
    invited_by: str = ""
    is_leader: bool = False
    is_superuser: bool = False


ANA, BETO, DANI = "900000001", "900000002", "900000004"
LOGINS = (
    Login("Coordinación (superusuario)", ANA),
    Login("Líder", BETO),
    Login("Persona invitada", "900000003"),
)


def _voter(municipio: str, puesto: str, mesa: int, departamento: str, direccion: str) -> Found:
    return Found(municipio, puesto, str(mesa), departamento, direccion)


PEOPLE = (
    Person(
        ANA,
        "Ana Lucía Peñaranda",
        "+573000000001",
        _voter("TUNJA", "IE EL SAUCE", 4, "BOYACA", "KR 9 No. 20-15"),
        is_superuser=True,
    ),
    Person(
        BETO,
        "Beto Quiñones",
        "+573000000002",
        _voter("PASTO", "ESCUELA LA LOMA", 2, "NARIÑO", "CL 18 # 24-30"),
        ANA,
        is_leader=True,
    ),
    Person("900000003", "Caro Bermúdez", "+573000000003", None, BETO),
    Person(DANI, "Dani Restrepo", "+573000000004", NotFound(), ANA, is_leader=True),
    Person(
        "900000005",
        "Eva D’Angelo",
        "+573000000005",
        _voter("SINCELEJO", "IE CAMPO ALEGRE", 13, "SUCRE", "CL 22 No. 10A-380"),
        DANI,
    ),
    Person(
        "900000099", "Fabio Mendieta", "+573000000006", Cancelled("Cancelada por Muerte", "1234", "05/03/2021"), BETO
    ),
    Person("900000098", "Gloria Anacona", "+573000000007", Cancelled("Cancelada por Doble Cedulación", "778"), BETO),
    Person(
        "900000097",
        "Hernán Yepes",
        "+573000000008",
        Cancelled("Vigente con Perdida o Suspension de los Derechos Politicos", "41"),
        BETO,
    ),
    Person("900000096", "Inés Chocontá", "+573000000009", NotFound(), BETO),
    Person(
        "900000010",
        "François Lozano",
        "+573000000010",
        _voter("IPIALES", "IE LA PLAYA", 7, "NARIÑO", "KR 6 No. 14-02"),
        BETO,
    ),
    Person(
        "900000011",
        "Juana Tunubalá",
        "+573000000011",
        _voter("SILVIA", "RESGUARDO LA MARQUESA", 1, "CAUCA", "VDA LA MARQUESA"),
        BETO,
    ),
    Person("900000095", "Karen Ospina", "+573000000012", Failure(FailureKind.BLOCKED, "demo"), BETO),
)


def holds_other_people() -> bool:
    """Whether the database has anybody who is not of the demo."""
    return User.objects.exclude(cedula__in=[person.cedula for person in PEOPLE]).exists()


@transaction.atomic
def recreate(*, now: datetime) -> None:
    """Remove the demo people and make them again, each with what the census says of them."""
    User.objects.filter(cedula__in=[person.cedula for person in PEOPLE]).delete()
    for days_ago, person in enumerate(reversed(PEOPLE)):
        _create(person, joined_at=now - timedelta(days=len(PEOPLE) - days_ago, minutes=17 * days_ago))
    for person in PEOPLE:
        user = User.objects.get(cedula=person.cedula)
        user.referred_by = User.objects.filter(cedula=person.invited_by).first()
        user.save(update_fields=["referred_by"])


def _create(person: Person, *, joined_at: datetime) -> None:
    user = User.objects.create_user(
        person.cedula,
        PASSWORD,
        full_name=person.full_name,
        phone=person.phone,
        role=User.Role.LEADER if person.is_leader else User.Role.USER,
        is_staff=person.is_superuser,
        is_superuser=person.is_superuser,
        date_joined=joined_at,
    )
    agreement = Agreement(Policy.objects.current(), tuple(Purpose))
    consents.give(user=user, agreement=agreement, channel=Channel.WEB, at=joined_at)
    if person.outcome is not None:
        _answer(user, person.outcome)


def _answer(user: User, outcome: Outcome) -> None:
    """Store an outcome as the engine does, a failure until no retry is left."""
    record = CedulaInfo.objects.get(user=user)
    while claimed := claims.claim(user_id=user.pk, now=record.next_at):
        outcomes.record_outcome(claimed=claimed, outcome=outcome, source=SOURCE, now=record.next_at)
        record.refresh_from_db()
