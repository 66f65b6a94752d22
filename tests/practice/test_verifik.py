"""The simulated API of Verifik over HTTP: each reply as the service's documentation prints it."""

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


def test_novedad_is_a_record_without_a_place(visitor):
    for ending in ("99", "98", "97", "86", "85", "83"):
        reply = ask(visitor, f"19000000{ending}")
        assert (reply.status, reply.json["data"]) == (200, {"documentNumber": f"19000000{ending}"})


def test_maintenance_is_a_conflict(visitor):
    reply = ask(visitor, "1900000080")
    assert (reply.status, reply.json) == (409, {"code": "Conflict", "message": "Endpoint out of service."})


def test_other_errors_are_the_servers(visitor):
    for cedula in ("1900000088", "1900000087", "1900000091"):
        reply = ask(visitor, cedula)
        assert (reply.status, reply.json) == (500, SERVER_ERROR), cedula


def test_puesto_may_be_empty(visitor):
    assert ask(visitor, "1900000084").json["data"]["votingStation"] == ""


def test_reply_may_have_an_unknown_format(visitor):
    assert "votingStation" not in ask(visitor, "1900000092").json["data"]


def test_faults_come_before_the_token(visitor):
    assert "The requested URL was rejected" in ask(visitor, "1900000095", token="otra").text
    assert ask(visitor, "1900000082").status == 504
    assert ask(visitor, "1900000093").was_cut


def test_connection_is_cut_the_first_time_only(visitor):
    assert ask(visitor, "1900000079").was_cut
    assert ask(visitor, "1900000079").status == 200


def test_unknown_token_is_refused(visitor):
    for token in ("", "otra", "practica2"):
        assert ask(visitor, "1900000001", token=token).status == 401, token


def test_question_without_a_token_is_refused(visitor):
    assert visitor.get(f"{PATH}?documentNumber=1900000001").status == 401


def test_special_token_is_refused_in_its_own_way(visitor):
    for special in SPECIAL_TOKENS:
        reply = ask(visitor, "1900000001", token=special.token)
        assert (reply.status, reply.json["code"]) == (special.status, special.code), special.token


def test_missing_number_is_told_after_the_token_was_looked_at(visitor):
    reply = ask(visitor)
    assert (reply.status, reply.json) == (409, {"code": "MissingParameter", "message": "missing documentNumber\n"})
    assert ask(visitor, token="otra").status == 401


def test_what_is_no_number_is_refused(visitor):
    for number in ("abc", "1", "1.900.000.001", "1900000000001"):
        reply = ask(visitor, number)
        assert (reply.status, reply.json["code"]) == (409, "MissingParameter"), number


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
            assert ask(visitor, mood.example).status in {0, 200, 404, 409, 500, 504}, mood.ending


def test_home_page_tells_how_to_ask(visitor):
    page = visitor.get("/").text
    for listed in (PATH, f"Bearer {TOKEN}", "?animo=enorme", *(special.token for special in SPECIAL_TOKENS)):
        assert listed in page, listed
