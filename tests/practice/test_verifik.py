"""The stand-in for Verifik's API, over HTTP: each reply as the service's documentation prints it."""

import pytest

from practice.moods import MOODS
from practice.people import place_of
from practice.verifik import PATH, SPECIAL_TOKENS, TOKEN

ABSENT = {"code": "NotFound", "message": "Record not found."}
SERVER_ERROR = {"code": "InternalServerError", "message": "Server error."}


def ask(visitor, cedula="", *, token=TOKEN, query=""):
    number = f"documentNumber={cedula}" if cedula else ""
    return visitor.send("GET", f"{PATH}?documentType=CC&{number}{query}", Authorization=f"Bearer {token}")


def test_voting_place_is_as_documented(visitor):
    place = place_of("1900000001")
    reply = ask(visitor, "1900000001")
    assert reply.status == 200
    assert reply.json["data"] == {
        "documentNumber": "1900000001",
        "NUIP": "1900000001",
        "department": place.departamento,
        "municipality": place.municipio,
        "votingStation": place.puesto,
        "address": place.direccion,
        "pollingTable": place.mesa,
    }
    assert reply.json["signature"]["message"] == "Certified by Verifik.co"
    assert len(reply.json["id"]) == 5


def test_voting_place_may_come_without_signature(visitor):
    assert set(ask(visitor, "1900000076").json) == {"data"}


def test_absence_comes_with_a_signature_or_without(visitor):
    bare, signed = ask(visitor, "1900000096"), ask(visitor, "1900000089")
    assert (bare.status, bare.json) == (404, ABSENT)
    assert (signed.status, signed.json) == (404, {**ABSENT, "signature": signed.json["signature"]})


@pytest.mark.parametrize("ending", ["99", "98", "97", "86", "85", "83"])
def test_novedad_is_a_record_without_a_place(visitor, ending):
    reply = ask(visitor, f"19000000{ending}")
    assert (reply.status, reply.json["data"]) == (200, {"documentNumber": f"19000000{ending}"})


@pytest.mark.parametrize(
    ("ending", "status", "reply"),
    [
        ("80", 409, {"code": "Conflict", "message": "Endpoint out of service."}),
        ("88", 500, SERVER_ERROR),
        ("87", 500, SERVER_ERROR),
        ("91", 500, SERVER_ERROR),
    ],
)
def test_trouble_is_as_documented(visitor, ending, status, reply):
    answer = ask(visitor, f"19000000{ending}")
    assert (answer.status, answer.json) == (status, reply)


def test_puesto_may_be_empty(visitor):
    assert ask(visitor, "1900000084").json["data"]["votingStation"] == ""


def test_reply_may_be_of_no_known_kind(visitor):
    assert "votingStation" not in ask(visitor, "1900000092").json["data"]


def test_what_stands_before_the_service_comes_first(visitor):
    assert "The requested URL was rejected" in ask(visitor, "1900000095", token="otra").text
    assert ask(visitor, "1900000082").status == 504
    assert ask(visitor, "1900000093").was_cut


def test_connection_is_cut_the_first_time_only(visitor):
    assert ask(visitor, "1900000079").was_cut
    assert ask(visitor, "1900000079").status == 200


@pytest.mark.parametrize("token", ["", "otra", "practica2"])
def test_unknown_token_is_refused(visitor, token):
    assert ask(visitor, "1900000001", token=token).status == 401


def test_question_without_a_token_is_refused(visitor):
    assert visitor.get(f"{PATH}?documentNumber=1900000001").status == 401


@pytest.mark.parametrize("special", SPECIAL_TOKENS, ids=lambda special: special.token)
def test_special_token_is_refused_in_its_own_way(visitor, special):
    reply = ask(visitor, "1900000001", token=special.token)
    assert (reply.status, reply.json["code"]) == (special.status, special.code)


def test_missing_number_is_told_after_the_token_was_looked_at(visitor):
    reply = ask(visitor)
    assert (reply.status, reply.json) == (409, {"code": "MissingParameter", "message": "missing documentNumber\n"})
    assert ask(visitor, token="otra").status == 401


@pytest.mark.parametrize("number", ["abc", "1", "1.900.000.001", "1900000000001"])
def test_number_that_is_none_is_refused(visitor, number):
    assert (ask(visitor, number).status, ask(visitor, number).json["code"]) == (409, "MissingParameter")


def test_huge_reply_has_twenty_megabytes(visitor):
    assert len(ask(visitor, "1900000001", query="&animo=enorme").body) == 20_000_000


def test_question_is_in_the_journal_apart_from_those_through_pages(visitor):
    ask(visitor, "1900000001")
    ask(visitor)
    (entry,) = visitor.server.journal
    assert (entry.kind, entry.cedula_end, entry.detail) == ("consulta", "0001", "verifik")


def test_every_ending_but_the_one_that_never_replies_is_answered(visitor):
    for mood in MOODS:
        if mood.ending != "94":
            assert ask(visitor, mood.example).status in {0, 200, 404, 409, 500, 504}


def test_home_page_tells_how_to_ask(visitor):
    page = visitor.get("/").text
    for listed in (PATH, f"Bearer {TOKEN}", "?animo=enorme", *(special.token for special in SPECIAL_TOKENS)):
        assert listed in page, listed
