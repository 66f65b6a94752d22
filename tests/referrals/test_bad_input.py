"""What no page sends: refused with a sentence in Spanish, or searched for as text; never a 500, and nothing is done.

The test client raises whatever a view lets through, so that every reply here is also the proof that there was no 500.
"""

import json
from typing import Any

import pytest
from django.test import Client

from tests.referrals.pages import HTMX, invited, put, shown
from vereda.accounts.models import User
from vereda.census.models import BulkRefresh, CedulaInfo
from vereda.census.statuses import Status

LISTS = ["/referidos/", "/referidos/imprimir/", "/referidos/cambios/"]
NO_NUMBERS = [
    "",
    " ",
    "uno",
    "1.5",
    "-1",
    "+1",
    "0",
    "01",
    "1e3",
    "٣",
    "1\0",
    str(10**18),
    str(2**63),
    "9" * 5000,
    "<b>",
]
BAD_QUERIES = {
    "estado": (["nada", "TODOS", "0", "-1", "a\0b", "<b>", "x" * 5000], "Ese estado no existe"),
    "orden": (["nada", "--fecha", "NOMBRE", "fecha,nombre", "password", "a\0b", "x" * 5000], "Ese orden no existe"),
    "pagina": (
        ["uno", "0", "-1", "1.5", "1e3", "٢", "²", "01", str(2**63), "9" * 5000, "1;2"],
        "La página es un número",
    ),
    "buscado": (["<b>", "a b", "x" * 21, "../x", "x" * 5000], "Esa búsqueda no existe"),
    "q": (["x" * 101, "9" * 5000], "La búsqueda es demasiado larga"),
}
BAD = [(field, value, said) for field, (values, said) in BAD_QUERIES.items() for value in values]
HOSTILE = [
    "' OR 1=1 --",
    "'; DROP TABLE accounts_user; --",
    '" UNION SELECT password FROM accounts_user',
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "{{ settings.SECRET_KEY }}{% debug %}",
    "%s %(x)s {0} \\",
    "\u202e ﷽ 🗳️ ٣٤٥",
    "%00 %ED%A0%80",
    "x" * 100,
]
BAD_MARKS: list[list[Any]] = [[], *([text] for text in NO_NUMBERS)]


def short(value: Any) -> str:
    """Name a case."""
    return ascii(value)[:30]


def message_of(reply: Any) -> str:
    """Return what a toast says."""
    message: str = json.loads(reply["HX-Trigger"])["showToast"]["message"]
    return message


@pytest.fixture
def failed(beto: User) -> User:
    """Somebody of Beto's whose lookup failed: whatever is asked for by mistake would change them."""
    return invited(beto, 1, Status.ERROR)[0]


def status_of(person: User) -> str:
    return CedulaInfo.objects.get(user=person).status


def test_an_address_that_makes_no_sense_is_refused_with_a_sentence(as_beto: Client) -> None:
    for field, value, said in BAD:
        for path in LISTS:
            refused = as_beto.get(path, {field: value})

            assert refused.status_code == 400, (field, value, said, path)
            assert said in refused.content.decode(), (field, value, said, path)


def test_a_nul_in_a_search_is_refused_in_spanish(as_beto: Client) -> None:
    for path in LISTS:
        refused = as_beto.get(path, {"q": "a\0b"})

        assert refused.status_code == 400, path
        assert "caracteres nulos" in refused.content.decode(), path


def test_for_htmx_a_refusal_is_a_toast_and_no_page(as_beto: Client) -> None:
    for field, value, said in BAD:
        refused = as_beto.get("/referidos/cambios/", {field: value}, headers=HTMX)

        assert refused.status_code == 400, (field, value, said)
        assert said in message_of(refused), (field, value, said)
        assert not refused.content, (field, value, said)


def test_the_search_box_refuses_the_same(as_beto: Client) -> None:
    for field, value, said in [case for case in BAD if case[0] in {"estado", "orden", "q"}]:
        refused = as_beto.post("/referidos/buscar/", {field: value})

        assert refused.status_code == 400, (field, value, said)
        assert said in refused.content.decode(), (field, value, said)


def test_what_is_left_empty_is_what_is_usual(as_beto: Client, caro: User) -> None:
    for field in ("q", "estado", "orden", "pagina", "buscado"):
        assert shown(as_beto.get("/referidos/", {field: ""}).content.decode()) == [caro.pk], field


def test_of_what_is_given_twice_the_last_counts(as_beto: Client, caro: User) -> None:
    assert shown(as_beto.get("/referidos/?estado=nada&estado=todos").content.decode()) == [caro.pk]


def test_hostile_text_is_searched_for_and_found_nowhere(as_beto: Client, caro: User) -> None:
    for q in HOSTILE:
        html = as_beto.get("/referidos/", {"q": q}).content.decode()

        assert shown(html) == [], q
        assert "Nadie coincide con" in html, q
        for markup in ("<script>alert", "<img src=x"):
            assert markup not in html, q


def test_hostile_text_goes_through_the_search_box_as_it_is(as_beto: Client, caro: User) -> None:
    for q in HOSTILE:
        address = as_beto.post("/referidos/buscar/", {"q": q})["Location"]
        reply = as_beto.get(address)

        assert shown(reply.content.decode()) == [], q
        assert reply.context["page"].query.search == q, q


def test_half_characters_are_searched_for_like_any_others(as_beto: Client) -> None:
    for body in ("q=%ED%A0%80", "q=%ED%A0%80123", "q=%FF%FE", "q=a%ED%BF%BFb", "q=%C3"):
        found = as_beto.post("/referidos/buscar/", body, content_type="application/x-www-form-urlencoded")

        assert found.status_code == 302, body
        assert as_beto.get(found["Location"]).status_code == 200, body


def test_a_posted_nul_is_refused(as_beto: Client) -> None:
    refused = as_beto.post("/referidos/buscar/", "q=a%00b", content_type="application/x-www-form-urlencoded")

    assert refused.status_code == 400


def test_marks_that_are_no_people_are_refused_with_a_sentence(as_beto: Client, failed: User) -> None:
    for ids in BAD_MARKS:
        refused = as_beto.post("/referidos/actualizar/", {"ids": [failed.pk, *ids] if ids else []})

        assert refused.status_code == 400, ids
        assert ("no se entiende" if ids else "Marque al menos una persona") in refused.content.decode(), ids
        assert status_of(failed) == Status.ERROR, ids


def test_for_htmx_they_are_refused_with_a_toast(as_beto: Client) -> None:
    for ids in BAD_MARKS:
        refused = as_beto.post("/referidos/actualizar/", {"ids": ids}, headers=HTMX)

        assert refused.status_code == 400, ids
        assert message_of(refused), ids
        assert not refused.content, ids


def test_eleven_marks_are_refused_and_nobody_is_queued(as_beto: Client, beto: User) -> None:
    people = invited(beto, 11, Status.ERROR)
    refused = as_beto.post("/referidos/actualizar/", {"ids": [person.pk for person in people]}, headers=HTMX)

    assert refused.status_code == 400
    assert message_of(refused) == "Son máximo 10 personas a la vez."
    assert {status_of(person) for person in people} == {Status.ERROR}


def test_ten_marks_are_taken(as_beto: Client, beto: User) -> None:
    people = invited(beto, 10, Status.ERROR)
    as_beto.post("/referidos/actualizar/", {"ids": [person.pk for person in people]}, headers=HTMX)

    assert {status_of(person) for person in people} == {Status.PENDING}


def test_somebody_marked_twice_counts_once(as_beto: Client, failed: User) -> None:
    reply = as_beto.post("/referidos/actualizar/", {"ids": [failed.pk, failed.pk]}, headers=HTMX)

    assert message_of(reply) == "1 consulta quedó en turno."


@pytest.mark.parametrize("other", ["another leader's", "nobody's", "the leader's own"])
@pytest.mark.parametrize("is_mixed", [False, True])
def test_people_who_are_not_the_leaders_are_a_404_and_nobody_is_queued(
    as_beto: Client, beto: User, eva: User, failed: User, other: str, is_mixed: bool
) -> None:
    put(eva, Status.ERROR)
    put(beto, Status.ERROR)
    foreign = {"another leader's": eva.pk, "nobody's": 10**18 - 1, "the leader's own": beto.pk}[other]
    refused = as_beto.post("/referidos/actualizar/", {"ids": [foreign, *[failed.pk] * is_mixed]}, headers=HTMX)

    assert refused.status_code == 404
    assert "no es suyo" in message_of(refused)
    assert not CedulaInfo.objects.filter(user__in=[beto, eva, failed], status=Status.PENDING).exists()


def test_a_number_in_an_address_that_is_nobodys_is_a_404(as_beto: Client) -> None:
    for number in ("uno", "0", "-1", "1.5", "%D9%A3", "%00", str(10**18 - 1), str(2**63), "9" * 5000):
        for path in ("/referidos/{}/cedula/", "/censo/{}/actualizar/", "/referidos/actualizar-todos/{}/cancelar/"):
            assert as_beto.post(path.format(number)).status_code == 404, (number, path)
            assert as_beto.post(path.format(number), headers=HTMX).status_code == 404, (number, path)


def test_rows_that_no_page_shows_are_refused(as_beto: Client) -> None:
    for visto in (
        *("", "1", "1.", ".00000000", "1.0000000", "1.000000000", "1.ABCDEF01", "x.00000000", "<b>", "9" * 5000),
        *("0.00000000", "-1.00000000", "٣.00000000", f"{2**63}.00000000", "1.0000000\0", "1.00000000\n"),
    ):
        refused = as_beto.get("/referidos/cambios/", {"visto": ["1.00000000", visto]}, headers=HTMX)

        assert refused.status_code == 400, visto
        assert "filas" in message_of(refused), visto


def test_more_rows_than_a_page_has_are_refused(as_beto: Client) -> None:
    seen = [f"{number}.00000000" for number in range(1, 52)]

    assert as_beto.get("/referidos/cambios/", {"visto": seen[:50]}).status_code == 286
    assert as_beto.get("/referidos/cambios/", {"visto": seen}).status_code == 400


def test_whatever_progress_and_notice_a_page_claims_to_show_it_gets_the_present_ones(
    as_beto: Client, caro: User
) -> None:
    for value in ("", "-", "nada", "9" * 5000, "a\0b", "<b>"):
        reply = as_beto.get("/referidos/cambios/", {"avance": value, "aviso": value}, headers=HTMX)

        assert reply.status_code in {286, 200}, value
        assert "<b>" not in reply.content.decode(), value


LEFTOVERS = [("estado", "nada"), ("orden", "nada"), ("pagina", "0"), ("q", "x" * 101), ("buscado", "<b>")]


def test_a_form_that_makes_no_sense_queues_nobody(as_beto: Client, failed: User) -> None:
    for path in ("/referidos/actualizar/", "/censo/{}/actualizar/"):
        for field, value in LEFTOVERS:
            form = {"ids": failed.pk, field: value}
            refused = as_beto.post(path.format(failed.pk), form, headers=HTMX)

            assert refused.status_code == 400, (path, field, value)
            assert status_of(failed) == Status.ERROR, (path, field, value)


@pytest.mark.parametrize("path", ["/referidos/actualizar/", "/referidos/actualizar-todos/"])
def test_a_form_from_a_page_that_shows_no_such_rows_queues_nobody(as_beto: Client, failed: User, path: str) -> None:
    refused = as_beto.post(path, {"ids": failed.pk, "visto": "x"}, headers=HTMX)

    assert refused.status_code == 400
    assert status_of(failed) == Status.ERROR


@pytest.mark.parametrize(("field", "value"), [*LEFTOVERS, ("visto", "x")], ids=short)
def test_a_form_that_makes_no_sense_cancels_nothing(as_beto: Client, failed: User, field: str, value: str) -> None:
    as_beto.post("/referidos/actualizar-todos/")
    bulk = BulkRefresh.objects.get()
    refused = as_beto.post(f"/referidos/actualizar-todos/{bulk.pk}/cancelar/", {field: value}, headers=HTMX)

    bulk.refresh_from_db()
    assert refused.status_code == 400
    assert bulk.cancelled_at is None


def test_a_form_that_makes_no_sense_starts_nothing_for_many(as_beto: Client, failed: User) -> None:
    for field, value in LEFTOVERS:
        refused = as_beto.post("/referidos/actualizar-todos/", {field: value}, headers=HTMX)

        assert refused.status_code == 400, (field, value)
        assert status_of(failed) == Status.ERROR, (field, value)
