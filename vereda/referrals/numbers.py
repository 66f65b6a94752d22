"""The numbers on home. They come from `listing.counts_of`, like those of the list's tabs, so that both agree.

Somebody who is no leader gets no numbers about the answers of others.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from vereda.accounts.models import User
from vereda.referrals.groups import Group
from vereda.referrals.listing import Counts, counts_of
from vereda.referrals.queries import ListQuery

EVERYBODY = ListQuery()
_ALWAYS_SHOWN = (Group.ALL, Group.FOUND, Group.WAITING, Group.NOVEDADES)
"""In the order of home. The other groups are shown when somebody is in them."""


@dataclass(frozen=True, slots=True)
class Number:
    """How many people a tab of the list shows. `address` opens that tab."""

    group: Group
    count: int
    address: str


@dataclass(frozen=True, slots=True)
class Goal:
    """How many people somebody wants to invite, and how many they have, in all and this month."""

    wanted: int
    invited: int
    invited_this_month: int
    month_began_at: datetime

    @property
    def percent(self) -> int:
        """How much of it is reached, at most 100."""
        return min(100, 100 * self.invited // max(1, self.wanted))

    @property
    def is_reached(self) -> bool:
        return self.invited >= self.wanted

    @property
    def missing(self) -> int:
        return max(0, self.wanted - self.invited)


@dataclass(frozen=True, slots=True)
class HomeNumbers:
    """The numbers on home. `numbers` is empty for users who are not leaders."""

    goal: Goal
    numbers: list[Number]


def home_numbers(person: User, now: datetime) -> HomeNumbers:
    counts = counts_of(person, EVERYBODY)
    return HomeNumbers(_goal(person, counts, now), _numbers(counts) if person.is_leader else [])


def month_start(now: datetime) -> datetime:
    """Return when the month began where we are (`TIME_ZONE`)."""
    return timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _goal(person: User, counts: Counts, now: datetime) -> Goal:
    """Return the goal. It counts the person's own link only; a superuser's `counts` are of everybody."""
    invited = User.objects.visible_to(person).filter(referred_by=person)
    began_at = month_start(now)
    return Goal(
        wanted=person.referral_goal,
        invited=invited.count() if person.is_superuser else counts.total,
        invited_this_month=invited.filter(date_joined__gte=began_at).count(),
        month_began_at=began_at,
    )


def _numbers(counts: Counts) -> list[Number]:
    others = [group for group in Group if group not in _ALWAYS_SHOWN and counts.of(group)]
    return [Number(group, counts.of(group), EVERYBODY.address(group=group)) for group in (*_ALWAYS_SHOWN, *others)]
