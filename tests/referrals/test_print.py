"""The list on paper."""

import re
from datetime import UTC, datetime

from django.test import Client

from tests import make
from tests.referrals.pages import invited, key_of, printed, put
from vereda.accounts.models import User
from vereda.census.statuses import Status


def test_what_tab_search_and_order_show_is_printed(as_beto: Client, beto: User, eva: User) -> None:
    names = ("Fabio Arias", "Gloria Arias", "Hugo Arias", "Inés Bravo")
    people = [make.person(name, referred_by=beto) for name in names]
    for person in people[1:]:
        put(person, Status.ACTIVE)
    html = printed(as_beto, "?estado=encontrados&q=arias&orden=-nombre")

    assert re.findall(r'<th scope="row">(\w+)', html) == ["Hugo", "Gloria"]
    for text in ("Encontrados · 2 personas", "Encontrado</td>", "IE EL SAUCE", "PASTO"):
        assert text in " ".join(html.split())


def test_every_answer_on_paper_says_its_source_and_date(as_beto: Client, beto: User) -> None:
    sources = {"registraduria": "Registraduría", "practice": "Censo de práctica", "asistida": "Consulta asistida"}
    at = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
    for source in sources:
        put(make.person(f"De {source}", referred_by=beto), Status.ACTIVE, answer_source=source, fetched_at=at)
    older = {"answer_status": Status.NOT_FOUND, "answer_source": "demo", "fetched_at": at}
    put(make.person("Older", referred_by=beto), Status.BLOCKED, **older)
    put(make.person("Nobody", referred_by=beto), Status.BLOCKED)
    html = printed(as_beto, "?orden=fecha")

    expected = [f"{label} · 20 nov 2026" for label in sources.values()]
    assert re.findall(r"<td>([^<]*)</td>\s*</tr>", html) == [*expected, "Demostración · 20 nov 2026", ""]


def test_a_search_for_a_number_is_printed_as_well(as_beto: Client, named: list[User]) -> None:
    html = printed(as_beto, f"?buscado={key_of(as_beto, named[1].cedula)}")

    assert re.findall(r'<th scope="row">(\w+)', html) == ["Gloria"]
    assert named[1].cedula not in html


def test_more_than_one_page_of_the_list_is_printed_at_once(as_beto: Client, beto: User) -> None:
    invited(beto, 60)

    assert printed(as_beto).count('<th scope="row">') == 60


def test_a_search_that_is_lost_is_shown_on_paper_too(as_beto: Client, named: list[User]) -> None:
    assert "Esa búsqueda ya no está guardada" in printed(as_beto, "?buscado=forgotten")
