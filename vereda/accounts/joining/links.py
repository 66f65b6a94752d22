"""Referral links: what a code leads to, the code that a browser remembers, and pausing or changing one's own."""

from dataclasses import dataclass
from enum import Enum

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from vereda.accounts.models import RetiredCode, User, bare_code, new_referral_code

COOKIE = f"{settings.COOKIE_PREFIX}invitacion"


class State(Enum):
    """What a link leads to."""

    NONE = "none"
    OPEN = "open"
    PAUSED = "paused"
    RETIRED = "retired"
    UNKNOWN = "unknown"


_NOTICES = {
    State.UNKNOWN: (
        "No reconocemos ese enlace de invitación. "
        "Puede registrarse igual, o pedirle a su líder que se lo envíe de nuevo."
    ),
    State.PAUSED: (
        "Ese enlace de invitación está en pausa. "
        "Puede registrarse igual, sin líder, o preguntarle a quien se lo envió cuándo vuelve a abrirlo."
    ),
    State.RETIRED: (
        "Ese enlace de invitación ya no se usa. "
        "Puede registrarse igual, sin líder, o pedirle el nuevo a quien se lo envió."
    ),
}


@dataclass(frozen=True, slots=True)
class Link:
    """What the code of a link leads to, and to whom when it is open."""

    state: State
    leader: User | None = None

    @property
    def notice(self) -> str:
        """The notice on the registration page; "" for an open link and for no link."""
        return _NOTICES.get(self.state, "")


def read(typed: str) -> Link:
    """Return the link of a code as typed. Only an open one has a leader."""
    if not typed.strip():
        return Link(State.NONE)
    if (code := bare_code(typed)) is None:
        return Link(State.UNKNOWN)
    if leader := User.objects.with_referral_code(code):
        return Link(State.OPEN, leader)
    owner = User.objects.filter(referral_code=code).first()
    if owner and owner.is_active:
        return Link(State.PAUSED)
    is_retired = owner is not None or RetiredCode.objects.filter(code=code).exists()
    return Link(State.RETIRED if is_retired else State.UNKNOWN)


def code_of(request: HttpRequest) -> str:
    """Return the code in the address; without one, the last open link of this browser."""
    return request.GET["ref"] if "ref" in request.GET else _remembered(request)


def remember(response: HttpResponse, link: Link) -> None:
    """Keep an open link's code until the browser closes or somebody registers: people leave to read the policy."""
    if link.leader:
        response.set_cookie(
            COOKIE,
            link.leader.referral_code,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def forget(response: HttpResponse) -> None:
    """Delete the cookie, so that the next person in this browser has no leader."""
    response.delete_cookie(COOKIE, samesite="Lax")


def _remembered(request: HttpRequest) -> str:
    """Return the code in the cookie while its link is open. No notice about a link that was not opened now."""
    code = request.COOKIES.get(COOKIE, "")
    return code if read(code).leader else ""


def pause(*, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_link_paused=True)


def resume(*, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_link_paused=False)


@transaction.atomic
def renew(*, person: User) -> None:
    """Give a person a new code and retire the old one. The new link is open."""
    current = User.objects.select_for_update().get(pk=person.pk)
    retire(current.referral_code)
    current.referral_code = _unused_code()
    current.is_link_paused = False
    current.save(update_fields=["referral_code", "is_link_paused"])


def retire(code: str) -> None:
    """Retire a code for ever: its link says so, and nobody gets it again."""
    RetiredCode.objects.get_or_create(code=code)


def _unused_code() -> str:
    """Return a code that nobody had before. The unique column covers two equal codes at once."""
    while RetiredCode.objects.filter(code=(code := new_referral_code())).exists():
        pass
    return code
