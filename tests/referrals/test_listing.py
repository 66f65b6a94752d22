"""The list against a list that Python makes: whatever the tab, the order and the search, the same people in it."""

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import Http404, QueryDict
from hypothesis import given
from hypothesis import strategies as st

from tests import make
from vereda.accounts.models import Consent, Policy, Purpose, User
from vereda.census.models import CedulaInfo
from vereda.census.statuses import ANSWERS, UNAUTHORISED, Status
from vereda.referrals.forms import ORDERS, PAGE_SIZE
from vereda.referrals.groups import Group
from vereda.referrals.listing import counts_of, page_of, rows_of, slice_of
from vereda.referrals.queries import ListQuery, new_search, read_query

DAY = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
NAMES = ("María", "Óscar", "Ñoño", "D’Angelo", "Ana", "ana", "Luz", "Íngrid")
SURNAMES = ("Peña", "Quiñones", "Lozano", "Muñoz", "de la Cruz")
SEARCHES = ("", "maría", "PENA ana", "ñ", "d'angelo cruz", "12", "C.C. 9.0", "30 0", "nadie", "%", "_", "\\")
EVERY_ORDER = [sign + name for name in ORDERS for sign in ("", "-")]
PLACE = {"municipio": "PASTO", "puesto": "IE EL SAUCE", "mesa": "4"}


def made_up(dice: random.Random, cedula: str, leader: User) -> User:
    """Return somebody who shares name, phone and date with others."""
    return User(
        cedula=cedula,
        full_name=f"{dice.choice(NAMES)} {dice.choice(SURNAMES)}",
        phone=dice.choice(["", "+573001234567", f"+57300{dice.randrange(10**6, 10**7)}"]),
        referred_by=leader,
        date_joined=DAY - timedelta(hours=dice.randrange(20)),
    )


def record_of(person: User, status: str) -> CedulaInfo:
    """Return a person's record in a status."""
    state: dict[str, Any] = {}
    if status in ANSWERS:
        state |= {"answer_status": status, "fetched_at": DAY}
    if status == Status.ACTIVE:
        state |= PLACE
    if status == Status.PROCESSING:
        state |= {"claim_token": uuid4(), "claimed_at": DAY, "claim_expires_at": DAY}
    return CedulaInfo(user=person, referred_by_id=person.referred_by_id, status=status, **state)


@pytest.fixture
def records(ana: User, beto: User, dani: User, caro: User) -> list[CedulaInfo]:
    """Everybody's records: those of the cast, of 124 people whom Beto and Dani invited, and of a few of Caro's."""
    dice = random.Random(4)
    cedulas = random.Random(5).sample(range(10_000, 10**10), 130)
    leaders = [beto] * 84 + [dani] * 40 + [caro] * 6
    people = [made_up(dice, str(cedula), leader) for cedula, leader in zip(cedulas, leaders, strict=True)]
    User.objects.bulk_create(people)
    CedulaInfo.objects.bulk_create([record_of(person, dice.choice([UNAUTHORISED, *Status])) for person in people])
    policy = Policy.objects.current()
    Consent.objects.bulk_create(make.consent(person, Purpose.CONTACT_BY_LEADER, policy) for person in people[::2])
    found = list(CedulaInfo.objects.select_related("user"))
    allowed = set(Consent.objects.filter(purpose=Purpose.CONTACT_BY_LEADER).values_list("user", flat=True))
    for record in found:
        record.user.is_contactable = record.user_id in allowed  # type: ignore[attr-defined]
    return found


@pytest.fixture(params=["a leader", "a superuser"])
def viewer(request: pytest.FixtureRequest, ana: User, beto: User) -> User:
    return beto if request.param == "a leader" else ana


def plain(text: str) -> str:
    """Return a text without accents and case, and with the apostrophe that keyboards have."""
    parts = unicodedata.normalize("NFD", text.replace("’", "'"))
    return "".join(char for char in parts if not unicodedata.combining(char)).lower()


def is_found(person: User, search: str, viewer: User) -> bool:
    """Whether a viewer's search finds a person; who is no leader finds a cédula by the four digits that they see."""
    digits = search.removeprefix("C.C.").replace(" ", "").replace(".", "")
    if digits.isdigit():
        is_theirs = digits in person.cedula if viewer.is_leader else _is_shown(person.cedula, digits)
        return is_theirs or (digits in person.phone and (person.is_contactable or digits == person.phone[3:]))
    return all(word in plain(person.full_name) for word in plain(search).split())


def _is_shown(cedula: str, digits: str) -> bool:
    return cedula == digits or (len(digits) <= 4 and cedula.endswith(digits))


def sort(records: list[CedulaInfo], query: ListQuery) -> list[CedulaInfo]:
    """Return the records in the order that a query asks for."""
    name = query.order.removeprefix("-")
    if name == "estado":
        statuses = list(query.group.statuses)[:: -1 if query.order.startswith("-") else 1]
        latest = sorted(records, key=lambda record: (record.user.date_joined, record.user_id), reverse=True)
        return sorted(latest, key=lambda record: statuses.index(record.status))
    keys: dict[str, Any] = {
        "nombre": lambda record: (plain(record.user.full_name), record.user_id),
        "cedula": lambda record: int(record.user.cedula),
        "fecha": lambda record: (record.user.date_joined, record.user_id),
    }
    return sorted(records, key=keys[name], reverse=query.order.startswith("-"))


def expected(records: list[CedulaInfo], viewer: User, query: ListQuery) -> list[int]:
    """Return whom the list must show, on all its pages, in order."""
    shown = [
        record
        for record in records
        if record.user_id != viewer.pk
        and (viewer.is_superuser or record.user.referred_by_id == viewer.pk)
        and record.status in query.group.statuses
        and is_found(record.user, query.search, viewer)
    ]
    return [record.user_id for record in sort(shown, query)]


def pages_of(viewer: User, query: ListQuery) -> Iterator[list[int]]:
    """Return whom each page shows."""
    counts = counts_of(viewer, query)
    for page in range(1, counts.pages(query.group) + 1):
        yield [row.person.pk for row in page_of(viewer, replace(query, page=page), counts)]


def test_the_pages_together_are_what_python_finds_and_sorts(records: list[CedulaInfo], viewer: User) -> None:
    for search, group, order in product(SEARCHES, Group, EVERY_ORDER):
        query = ListQuery(search, group, order)
        pages = list(pages_of(viewer, query))
        assert [pk for page in pages for pk in page] == expected(records, viewer, query), query
        assert all(len(page) == PAGE_SIZE for page in pages[:-1]), query


def test_the_count_beside_each_tab_is_how_many_it_shows(records: list[CedulaInfo], viewer: User) -> None:
    for search in SEARCHES:
        counts = counts_of(viewer, ListQuery(search))

        for group in Group:
            assert counts.of(group) == len(expected(records, viewer, ListQuery(search, group))), group


def test_the_searches_find_some_and_not_all_of_them(records: list[CedulaInfo], beto: User) -> None:
    found = {search: counts_of(beto, ListQuery(search)).total for search in SEARCHES}

    assert [search for search, count in found.items() if not count] == ["nadie", "%", "_", "\\"]
    assert all(count < found[""] for search, count in found.items() if search)


def test_nobody_is_on_two_pages_and_nobody_of_others_is_on_any(records: list[CedulaInfo], beto: User) -> None:
    for order in EVERY_ORDER:
        shown = [pk for page in pages_of(beto, ListQuery(order=order)) for pk in page]

        assert len(shown) == len(set(shown)), order
        assert set(shown) == set(User.objects.filter(referred_by=beto).values_list("pk", flat=True)), order


def test_any_window_of_the_list_is_that_part_of_it(records: list[CedulaInfo], viewer: User) -> None:
    for group, order in product((Group.ALL, Group.WAITING, Group.FAILED), ("estado", "-estado", "nombre")):
        query = ListQuery(group=group, order=order)
        counts, whole = counts_of(viewer, query), expected(records, viewer, query)

        for first, size in product(range(0, len(whole) + 2, 7), (1, 12, 1000)):
            window = slice_of(viewer, query, counts, first=first, size=size)
            assert [row.person.pk for row in window] == whole[first : first + size], (query, first, size)


def test_there_is_no_page_after_the_last(records: list[CedulaInfo], beto: User) -> None:
    for group in Group:
        query = ListQuery(group=group)
        counts = counts_of(beto, query)

        with pytest.raises(Http404):
            page_of(beto, replace(query, page=counts.pages(group) + 1), counts)


def test_an_empty_tab_has_one_page_with_nobody(beto: User) -> None:
    for order in EVERY_ORDER:
        query = ListQuery(group=Group.FOUND, order=order)
        assert page_of(beto, query, counts_of(beto, query)) == []


def test_a_user_sees_whom_they_invited_without_records(records: list[CedulaInfo], caro: User) -> None:
    for search, order in product(SEARCHES, [order for order in EVERY_ORDER if "estado" not in order]):
        query = ListQuery(search, order=order)
        counts = counts_of(caro, query)
        rows = page_of(caro, query, counts)
        assert [row.person.pk for row in rows] == expected(records, caro, query), query
        assert {row.record for row in rows} <= {None}, query
        assert (counts.total, counts.by_status) == (len(rows), {}), query


def test_rows_of_people_of_others_are_not_given(records: list[CedulaInfo], beto: User, dani: User, caro: User) -> None:
    everybody = [record.user_id for record in records]

    assert {row.person.referred_by_id for row in rows_of(beto, everybody)} == {beto.pk}
    assert {row.person.referred_by_id for row in rows_of(caro, everybody)} == {caro.pk}


def test_a_page_costs_three_queries(records: list[CedulaInfo], viewer: User, django_assert_num_queries: Any) -> None:
    for search, order in product(("", "maría", "12"), EVERY_ORDER):
        with django_assert_num_queries(3):
            query = ListQuery(search, order=order)
            page_of(viewer, query, counts_of(viewer, query))


searches = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=100).map(str.strip)
parts = st.builds(
    ListQuery,
    search=searches,
    group=st.sampled_from(Group),
    order=st.sampled_from(EVERY_ORDER),
    page=st.integers(1, 10**9 - 1),
)


def read(address: str, session: SessionStore) -> ListQuery:
    """Return what an address asks for."""
    return read_query(QueryDict(urlsplit(address).query), session)


@given(parts)
def test_an_address_is_read_as_the_part_of_the_list_that_it_was_made_for(query: ListQuery) -> None:
    assert read(query.address(page=query.page), SessionStore()) == query


@given(parts)
def test_an_address_of_another_part_begins_with_its_first_page(query: ListQuery) -> None:
    assert read(query.address(group=Group.FOUND), SessionStore()) == replace(query, group=Group.FOUND, page=1)


@given(query=parts, digits=st.text("0123456789 .", min_size=6, max_size=12))
def test_a_number_that_is_searched_for_is_read_from_the_session_and_stands_in_no_address(
    query: ListQuery, digits: str
) -> None:
    session, search = SessionStore(), f"1{digits}2".strip()
    searched = new_search(search, session)
    part = replace(query, search=searched.search, key=searched.key)

    assert read(part.address(page=query.page), session) == part
    assert "q=" not in part.address()


@given(parts)
def test_a_number_that_the_session_no_longer_holds_is_a_lost_search(query: ListQuery) -> None:
    part = replace(query, search="", key=new_search("1234", SessionStore()).key)

    assert read(part.address(page=query.page), SessionStore()) == replace(part, is_search_lost=True)
    assert read(part.address(), SessionStore()).without_lost_search.key == ""
