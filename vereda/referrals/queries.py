"""Which part of the list an address asks for, and the addresses of its other parts.

A number that is searched for is somebody's cédula or phone. The search form puts it into no address, so that no log can
have it: the session keeps it, and `buscado` says so. One that somebody types into an address by hand stays there.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.contrib.sessions.backends.base import SessionBase
from django.http import QueryDict
from django.urls import reverse

from vereda.lib.text import fold
from vereda.referrals.forms import ListForm, cleaned
from vereda.referrals.groups import Group

DEFAULT_ORDER = "-fecha"
MOST_KEPT = 8
"""Searches for numbers that a session keeps: enough for "back"."""

_SESSION_KEY = "searched_numbers"
_TELLING_DIGITS = 5
"""From how many digits on a part of a number says whose it is."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Search, tab, order and page.

    `key` stands in addresses for a search that the session keeps; when it does not, the search is lost.
    """

    search: str = ""
    group: Group = Group.ALL
    order: str = DEFAULT_ORDER
    page: int = 1
    key: str = ""
    is_search_lost: bool = False

    def address(self, name: str = "referrals", **changes: object) -> str:
        """Return the address of the first page of this part of the list, or of one that differs."""
        query = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        default = ListQuery()
        parameters = {
            "q": "" if query.key else query.search,
            "buscado": query.key,
            "estado": query.group.value if query.group != default.group else "",
            "orden": query.order if query.order != default.order else "",
            "pagina": query.page if query.page != default.page else "",
        }
        text = urlencode({key: value for key, value in parameters.items() if value})
        return reverse(name) + (f"?{text}" if text else "")

    @property
    def all_address(self) -> str:
        """The address of everybody whom the search finds."""
        return self.address(group=Group.ALL)

    @property
    def without_lost_search(self) -> Self:
        """The same, for a page that says that its search is lost and shows everybody."""
        return replace(self, key="") if self.is_search_lost else self


def read_query(parameters: QueryDict, session: SessionBase) -> ListQuery:
    """Return what an address asks for. Raises `BadInputError`."""
    given = cleaned(ListForm(parameters))
    key = given["buscado"]
    kept = session.get(_SESSION_KEY, {}).get(key, "") if key else ""
    is_lost = bool(key) and not kept
    return ListQuery(
        search="" if is_lost else kept or given["q"],
        group=Group(given["estado"] or Group.ALL),
        order=given["orden"] or DEFAULT_ORDER,
        page=int(given["pagina"] or 1),
        key=key,
        is_search_lost=is_lost,
    )


def new_search(search: str, session: SessionBase) -> ListQuery:
    """Return the query for a search, after putting one with digits into the session."""
    if not any(character.isdigit() for character in search):
        return ListQuery(search)
    key = secrets.token_urlsafe(6)
    kept = [*session.get(_SESSION_KEY, {}).items(), (key, search)]
    session[_SESSION_KEY] = dict(kept[-MOST_KEPT:])
    return ListQuery(search, key=key)


def forget(session: dict[str, Any], *, numbers: Iterable[str], name: str) -> bool:
    """Remove searches for a person from a session: those by part of a number or by a word of the name.

    Returns whether there was any.
    """
    kept, words = session.get(_SESSION_KEY, {}), set(fold(name).split())
    left = {
        key: search
        for key, search in kept.items()
        if not (_is_for_any(search, numbers) or words & set(fold(search).split()))
    }
    if left == kept:
        return False
    session[_SESSION_KEY] = left
    return True


def _is_for_any(search: str, numbers: Iterable[str]) -> bool:
    digits = re.sub(r"\D", "", search)
    return len(digits) >= _TELLING_DIGITS and any(digits in number for number in numbers)
