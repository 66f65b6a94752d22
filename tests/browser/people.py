"""People for the browser tests, made where the product keeps them. Run by `Backstage`, in a process of its own."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import count

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from tests import make
from vereda.accounts import actions as people
from vereda.accounts.models import AuditEntry, User
from vereda.census import actions
from vereda.census.models import CedulaInfo, Reason, SourceState
from vereda.census.queue import send_on_commit
from vereda.census.sources.port import Cancelled, Failure, FailureKind, Found, NotFound, Outcome
from vereda.census.worker import claims, outcomes
from vereda.rights.deadlines import Kind
from vereda.rights.models import RightsRequest

FOUND = Found("PASTO", "ESCUELA LA LOMA", "17", "NARIÑO", "CL 18 # 24-30")
DECEASED = Cancelled("Cancelada por Muerte", "1234", "05/03/2021")
DOUBLE = Cancelled("Cancelada por Doble Cedulación", "778", "11/09/2018")
NOT_FOUND = NotFound()
BLOCKED = Failure(FailureKind.BLOCKED, "test")
TIMEOUT = Failure(FailureKind.TIMEOUT, "test")
ERROR = Failure(FailureKind.NETWORK_ERROR, "test")
SOURCE = "registraduria"
"""As which the answers are stored: not the source that the product asks, so that its state is left alone."""

_numbers = count(9_100_001)


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a leader invited. Without an outcome they wait, and nobody asks about them until a test answers.

    A cédula's ending says what the practice census answers whenever it is asked.
    """

    full_name: str
    outcome: Outcome | None = None
    ending: str = "00"
    phone: str = "+573001234567"


@dataclass(frozen=True, slots=True)
class Somebody:
    """Somebody who was made. `referrals` stand in the order in which they were given, which is that of their dates."""

    pk: int
    cedula: str
    full_name: str
    referrals: "tuple[Somebody, ...]" = ()


@transaction.atomic
def make_inviter(invited: Sequence[Invited], *, is_leader: bool = True) -> Somebody:
    """Make somebody with a password who invited these, the first one first."""
    role = User.Role.LEADER if is_leader else User.Role.USER
    inviter = User.objects.create_user(f"{next(_numbers)}96", full_name="Lidia Caicedo", role=role)
    User.objects.filter(pk=inviter.pk).update(password=_password())
    make.agree(inviter)
    _answer(inviter, NOT_FOUND)
    made = tuple(_invite(one, by=inviter, days_ago=len(invited) - place) for place, one in enumerate(invited))
    return Somebody(inviter.pk, inviter.cedula, inviter.full_name, made)


@transaction.atomic
def make_person_without_consent() -> str:
    """Make somebody with a password who has agreed to nothing; returns the cédula."""
    user = User.objects.create_user(f"{next(_numbers)}96", full_name="Nora Sinisterra", phone="+573001234567")
    User.objects.filter(pk=user.pk).update(password=_password())
    return user.cedula


@transaction.atomic
def make_looked_at() -> str:
    """Make somebody with a password, an answer and a long history of who looked at them; returns the cédula."""
    inviter = make_inviter([])
    user = User.objects.create_user(
        f"{next(_numbers)}00", full_name="Caro Bermúdez", phone="+573001234567", referred_by_id=inviter.pk
    )
    User.objects.filter(pk=user.pk).update(password=_password())
    make.agree(user)
    _answer(user, FOUND)
    for _ in range(7):
        people.reveal_cedula(person=user, actor=User.objects.get(pk=inviter.pk))
    RightsRequest.objects.create(person=user, kind=Kind.CLAIM)
    return user.cedula


@transaction.atomic
def answer(pk: int, outcome: Outcome) -> None:
    """Answer about somebody, the way a worker does; about whom there is an answer already, after asking again."""
    user = User.objects.get(pk=pk)
    record = user.cedula_info
    if record.is_final:
        actions.request_lookup(record=record, requested_by=user, reason=Reason.LEADER, now=_later(record))
    _answer(user, outcome)


@transaction.atomic
def let_go(pk: int) -> None:
    """Let the product's own worker ask about somebody who waits."""
    CedulaInfo.objects.filter(user=pk).update(next_at=timezone.now())
    send_on_commit(pk)


def lengthen_cooldown(pk: int, *, seconds: float) -> None:
    """Keep somebody from being asked about again for so long, beyond the product's own cooldown."""
    CedulaInfo.objects.filter(user=pk).update(requested_at=timezone.now() + timedelta(seconds=seconds))


def hold_lookups(*, seconds: float) -> None:
    """Let the next lookup's slot be so far away."""
    SourceState.objects.filter(source__in=settings.CENSUS_SOURCE).update(free_at=time.time() + seconds)


def looks_at(person: int) -> list[tuple[str, int | None]]:
    """Return what was done with somebody's data, and by whom."""
    return list(AuditEntry.objects.filter(person=person).values_list("action", "actor"))


@cache
def _password() -> str:
    return make_password(make.PASSWORD)


def _invite(invited: Invited, *, by: User, days_ago: int) -> Somebody:
    joined_at = timezone.now() - timedelta(days=days_ago)
    user = User.objects.create_user(
        f"{next(_numbers)}{invited.ending}",
        full_name=invited.full_name,
        phone=invited.phone,
        referred_by=by,
        date_joined=joined_at,
    )
    make.agree(user)
    CedulaInfo.objects.filter(user=user).update(requested_at=joined_at, next_at=joined_at + timedelta(days=1000))
    if invited.outcome is not None:
        _answer(user, invited.outcome)
    return Somebody(user.pk, user.cedula, user.full_name)


def _later(record: CedulaInfo) -> datetime:
    """Return a time at which one may ask again, however short ago the last time was."""
    return max(timezone.now(), record.requested_at + timedelta(seconds=settings.CENSUS_COOLDOWN_SECONDS))


def _answer(user: User, outcome: Outcome) -> None:
    now = timezone.now()
    CedulaInfo.objects.filter(user=user).update(next_at=now)
    claimed = claims.claim(user_id=user.pk, now=now)
    assert claimed is not None
    outcomes.record_outcome(claimed=claimed, outcome=outcome, source=SOURCE, now=now)
