"""The list itself: whom it shows, in what order, with which counts beside the tabs.

Ids are chosen by indexes alone, whatever the tab, order and page; only the people of one page are fetched.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, QuerySet, When
from django.db.models.functions import Length
from django.http import Http404

from vereda.accounts.agreements import allows
from vereda.accounts.models import Purpose, User, UserQuerySet
from vereda.census.models import CedulaInfo, CedulaInfoQuerySet
from vereda.referrals.forms import PAGE_SIZE
from vereda.referrals.groups import Group
from vereda.referrals.queries import ListQuery

_ORDERS: dict[str, tuple[Any, ...]] = {
    "nombre": ("folded_name", "pk"),
    "cedula": (Length("cedula"), "cedula"),
    "fecha": ("date_joined", "pk"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the list, with their record where the viewer may see it."""

    person: User
    record: CedulaInfo | None = None
    is_contactable: bool = False

    @property
    def phone(self) -> str:
        """The person's phone, where they have allowed to be called; "" where not."""
        return self.person.phone if self.is_contactable else ""

    @property
    def is_waiting(self) -> bool:
        """Whether the row will change without an action: a lookup is pending."""
        return self.record is not None and not self.record.is_final

    @property
    def version(self) -> str:
        """A short code that changes when the row looks different on the page."""
        return self.record.version if self.record else ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people there are, in all and by status."""

    total: int
    by_status: Mapping[str, int] = field(default_factory=dict)

    def of(self, group: Group) -> int:
        return self.total if group == Group.ALL else sum(self.by_status.get(status, 0) for status in group.statuses)

    def pages(self, group: Group) -> int:
        """Return how many pages a tab has; an empty one has one."""
        return max(1, math.ceil(self.of(group) / PAGE_SIZE))


def records_of(viewer: User, query: ListQuery) -> CedulaInfoQuerySet:
    records = CedulaInfo.objects.referrals_of(viewer)
    if query.group != Group.ALL:
        records = records.filter(status__in=query.group.statuses)
    return records.filter(user__in=_found(viewer, query)) if query.search else records


def people_of(viewer: User, query: ListQuery) -> UserQuerySet:
    people = User.objects.referrals_of(viewer)
    if query.group != Group.ALL:
        people = people.filter(pk__in=records_of(viewer, ListQuery(group=query.group)).values("user"))
    return people.filter(pk__in=_found(viewer, query)) if query.search else people


def _found(viewer: User, query: ListQuery) -> QuerySet[User, Any]:
    """Return whom the search finds: a query of its own, so that it can take the index of what it searches."""
    return User.objects.referrals_of(viewer).matching(query.search, by_part_of_cedula=viewer.is_leader).values("pk")


def counts_of(viewer: User, query: ListQuery) -> Counts:
    """Return how many people there are of what is searched for, by one query; by status where the viewer may know."""
    if not viewer.is_leader:
        return Counts(people_of(viewer, query).count())
    records = records_of(viewer, ListQuery(query.search)).order_by()
    by_status = dict(records.values_list("status").annotate(number=Count("*")))
    return Counts(sum(by_status.values()), by_status)


def page_of(viewer: User, query: ListQuery, counts: Counts) -> list[Row]:
    """Return the rows of one page, in order. Raises `Http404` for a page that there is not."""
    if query.page > counts.pages(query.group):
        raise Http404
    if not counts.of(query.group):
        return []
    return slice_of(viewer, query, counts, first=(query.page - 1) * PAGE_SIZE, size=PAGE_SIZE)


def slice_of(viewer: User, query: ListQuery, counts: Counts, *, first: int, size: int) -> list[Row]:
    """Return so many rows from the first on (counted from 0), in order."""
    if query.order.removeprefix("-") == "estado":
        ids = _ids_by_status(viewer, query, counts, first, size)
    else:
        people = ordered(people_of(viewer, query), query.order)
        ids = list(people.values_list("pk", flat=True)[first : first + size])
    found = {row.person.pk: row for row in rows_of(viewer, ids)}
    return [found[pk] for pk in ids if pk in found]


def rows_of(viewer: User, ids: Iterable[int]) -> list[Row]:
    """Return the rows of those people whom the viewer may see, in no order."""
    if not viewer.is_leader:
        people = User.objects.referrals_of(viewer).filter(pk__in=ids)
        annotated = people.annotate(is_contactable=allows(Purpose.CONTACT_BY_LEADER, person="pk"))
        return [Row(person, None, person.is_contactable) for person in annotated]  # type: ignore[attr-defined]
    records = CedulaInfo.objects.visible_to(viewer).exclude(user=viewer).filter(user__in=ids)
    related = "user__referred_by" if viewer.is_superuser else "user"
    seen = records.select_related(related).defer("raw_response")  # evidence is long, and not for leaders
    known = seen.annotate(is_contactable=allows(Purpose.CONTACT_BY_LEADER, person="user"))
    return [Row(record.user, record, record.is_contactable) for record in known]  # type: ignore[attr-defined]


def ordered_keys(person: User, name: str) -> tuple[Any, ...]:
    """Return the sort key of a person, equal to the order of `ordered`."""
    if name == "nombre":
        return person.folded_name, person.pk
    return (len(person.cedula), person.cedula) if name == "cedula" else (person.date_joined, person.pk)


def ordered(people: UserQuerySet, order: str) -> UserQuerySet:
    queryset = people.order_by(*_ORDERS[order.removeprefix("-")])
    return queryset.reverse() if order.startswith("-") else queryset


def _ids_by_status(viewer: User, query: ListQuery, counts: Counts, first: int, size: int) -> list[int]:
    """Return people by status, the latest of each first; only the statuses that the slice reaches are sorted."""
    is_down = query.order.startswith("-")
    statuses = query.group.statuses[:: -1 if is_down else 1]
    reached, skipped, shown = 0, 0, []
    for status in statuses:
        number = counts.by_status.get(status, 0)
        if reached + number <= first:
            skipped += number
        elif reached < first + size:
            shown.append(status)
        reached += number
    rank = Case(*(When(status=status, then=number) for number, status in enumerate(shown)), default=0)
    records = records_of(viewer, query).filter(status__in=shown).order_by(rank, "-user__date_joined", "-user")
    return list(records.values_list("user_id", flat=True)[first - skipped :][:size])
