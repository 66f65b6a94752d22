"""The page of the list around its rows, and the changes that an open page has not got yet."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.http import QueryDict

from vereda.accounts.models import User
from vereda.census import turns
from vereda.census.bulk import Progress, has_come_through, progress_of
from vereda.census.statuses import ASSISTABLE
from vereda.census.turns import Turn
from vereda.referrals.forms import MOST_MARKED, ORDERS, PAGE_SIZE, seen_versions
from vereda.referrals.groups import Group
from vereda.referrals.listing import Counts, Row, counts_of, ordered_keys, page_of, rows_of
from vereda.referrals.queries import ListQuery

_LABELS = {"nombre": "Nombre", "cedula": "Cédula", "fecha": "Registro", "estado": "Estado"}


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab with how many people it shows."""

    group: Group
    count: int
    address: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """What the list can be sorted by, with the address that sorts by it, the other way round the second time."""

    name: str
    label: str
    address: str
    sort: str


@dataclass(frozen=True, slots=True)
class Tools:
    """What changes on the page besides its rows: counts, whether it asks again, and what the whole tab may do."""

    query: ListQuery
    counts: Counts
    is_live: bool
    progress: Progress | None
    notice: Turn | None = None

    @property
    def tabs(self) -> list[Tab]:
        here = self.query.group
        return [
            Tab(group, self.counts.of(group), self.query.address(group=group), is_here=group == here) for group in Group
        ]

    @property
    def failed(self) -> int:
        """How many of what is searched for a lookup in bulk can help."""
        return self.counts.of(Group.FAILED)

    @property
    def has_unanswered(self) -> bool:
        """Whether somebody of what is searched for can be looked up by hand."""
        return any(self.counts.by_status.get(status) for status in ASSISTABLE)

    @property
    def shows_failed(self) -> bool:
        return self.query.group in {Group.ALL, Group.FAILED}

    @property
    def changes_address(self) -> str:
        return self.query.address("referrals-changes")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list."""

    most_marked: ClassVar[int] = MOST_MARKED

    query: ListQuery
    rows: Sequence[Row]
    counts: Counts
    is_leader: bool

    @property
    def shown(self) -> int:
        """How many people the tab shows on all its pages."""
        return self.counts.of(self.query.group)

    @property
    def is_whole(self) -> bool:
        """Whether everybody is on the page, so that the browser can filter and sort by itself."""
        return self.query.group == Group.ALL and len(self.rows) == self.counts.total

    @property
    def headings(self) -> list[Heading]:
        names = ORDERS if self.is_leader else ORDERS[:-1]
        return [self._heading(name) for name in names]

    def _heading(self, name: str) -> Heading:
        sort = {name: "ascending", f"-{name}": "descending"}.get(self.query.order, "none")
        next_order = f"-{name}" if sort == "ascending" else name
        return Heading(name, _LABELS[name], self.query.address(order=next_order), sort)

    @property
    def pages(self) -> int:
        return self.counts.pages(self.query.group)

    @property
    def first(self) -> int:
        """The number of the first row, counted from 1."""
        return (self.query.page - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        """The number of the last row."""
        return self.first + len(self.rows) - 1

    @property
    def previous_address(self) -> str:
        """Where the page before is; "" on the first."""
        return self.query.address(page=self.query.page - 1) if self.query.page > 1 else ""

    @property
    def next_address(self) -> str:
        """Where the next page is; "" on the last."""
        return self.query.address(page=self.query.page + 1) if self.query.page < self.pages else ""

    @property
    def print_address(self) -> str:
        return self.query.address("referrals-print")

    @property
    def ranked_rows(self) -> list[tuple[Row, str]]:
        """The rows, each with its place by name, cédula and date where the browser sorts by itself."""
        if not self.is_whole:
            return [(row, "") for row in self.rows]
        places = [_ranks(self.rows, name) for name in ORDERS[:-1]]
        return [(row, " ".join(str(place[row.person.pk]) for place in places)) for row in self.rows]


def _ranks(rows: Sequence[Row], name: str) -> dict[int, int]:
    in_order = sorted(rows, key=lambda row: ordered_keys(row.person, name))
    return {row.person.pk: place for place, row in enumerate(in_order)}


def page_and_tools(viewer: User, query: ListQuery, now: datetime) -> tuple[Page, Tools]:
    """Return a page and its tools. Raises `Http404` for a page that there is not."""
    counts = counts_of(viewer, query)
    page = Page(query, page_of(viewer, query, counts), counts, viewer.is_leader)
    if not viewer.is_leader:
        return page, Tools(query, counts, is_live=False, progress=None)
    progress = progress_of(viewer, now)
    is_live = progress is not None or any(row.is_waiting for row in page.rows)
    notice = turns.notice(now) if is_live and progress is None else None
    return page, Tools(query, counts, is_live, progress, notice)


@dataclass(frozen=True, slots=True)
class Changes:
    """What an open page has not got yet. `gone` are people whom its viewer may no longer see."""

    rows: Sequence[Row]
    gone: Sequence[int]
    is_live: bool
    progress: Progress | None
    notice: Turn | None
    has_progress_changed: bool
    is_progress_over: bool
    has_notice_changed: bool

    @property
    def has_any(self) -> bool:
        return bool(self.rows or self.gone or self.has_progress_changed or self.has_notice_changed)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page that is open shows: the version of each row, the progress and the notice; None of what it has not."""

    versions: Mapping[int, str]
    progress: str | None = None
    notice: str | None = None


def read_seen(parameters: QueryDict) -> Seen:
    """Return what a page says that it shows: `visto` of each row, `avance`, `aviso`. Raises `BadInputError`."""
    return Seen(seen_versions(parameters.getlist("visto")), parameters.get("avance"), parameters.get("aviso"))


def changes_since(viewer: User, seen: Seen, now: datetime, asked: Collection[int] = ()) -> Changes:
    """Return what changed since the page saw it. The rows of those asked about are among it in any case."""
    rows = rows_of(viewer, seen.versions.keys() | asked)
    progress = progress_of(viewer, now) if seen.progress is not None else None
    is_live = progress is not None or any(row.is_waiting for row in rows)
    notice = turns.notice(now) if seen.notice is not None and is_live and progress is None else None
    return Changes(
        rows=[row for row in rows if row.person.pk in asked or row.version != seen.versions[row.person.pk]],
        gone=sorted(seen.versions.keys() - {row.person.pk for row in rows}),
        is_live=is_live,
        progress=progress,
        notice=notice,
        has_progress_changed=seen.progress not in {None, progress.key if progress else ""},
        is_progress_over=progress is None and bool(seen.progress) and has_come_through(viewer, seen.progress or ""),
        has_notice_changed=seen.notice not in {None, notice.key if notice else ""},
    )
