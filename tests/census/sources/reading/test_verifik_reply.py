"""Reading Verifik's replies: each shape that is documented, what resembles one, and two thousand mutated ones."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.census.sources.reading.replies import BLOCK_PAGE, CEDULA
from tests.census.sources.reading.test_reply_fuzz import mutated, patient
from vereda.census.sources.port import Answer, Failure, FailureKind, Found, NotFound
from vereda.census.sources.reading.verifik_reply import is_missing_parameter, read_verifik_reply

SIGNATURE = {"dateTime": "March 7, 2026 10:05 PM", "message": "Certified by Verifik.co"}
RECORD = {
    "documentNumber": CEDULA,
    "NUIP": CEDULA,
    "department": "LA GUAJIRA",
    "municipality": "VILLANUEVA",
    "votingStation": "COLEGIO LA CEIBA",
    "address": "CRA 10  #  23 - 120",
    "pollingTable": "3",
}
FOUND = Found("VILLANUEVA", "COLEGIO LA CEIBA", "3", "LA GUAJIRA", "CRA 10 # 23 - 120")
ABSENT = {"code": "NotFound", "message": "Record not found."}
OUT_OF_SERVICE = {"code": "Conflict", "message": "Endpoint out of service."}
MISSING = {"code": "MissingParameter", "message": "missing documentNumber\n"}
WITHOUT_PLACE = "a voting place without its municipio, puesto or mesa"
NOBODYS = "a voting place that does not say whose it is"
UNKNOWN = "the reply says nothing known (HTTP 200)"


def record(**changed: object) -> dict[str, object]:
    return {"data": {**RECORD, **changed}, "signature": SIGNATURE, "id": "0NFN3"}


def without(*keys: str) -> dict[str, object]:
    return {"data": {key: value for key, value in RECORD.items() if key not in keys}}


def read(
    reply: object, http_status: int = 200, content_type: str = "application/json; charset=utf-8"
) -> Answer | Failure:
    body = reply if isinstance(reply, str) else json.dumps(reply)
    return read_verifik_reply(body, content_type, http_status, CEDULA)


def test_a_voting_place_is_read_whole() -> None:
    assert read(record()) == FOUND


@pytest.mark.parametrize(
    "reply",
    [
        record(pollingTable=3),
        record(documentNumber=int(CEDULA)),
        record(NUIP="19.000.001"),
        record(novelty=None, fullName="X"),
        without("NUIP"),
        without("documentNumber"),
        {**record(), "success": True},
        "\ufeff" + json.dumps(record(), ensure_ascii=False),
    ],
)
def test_what_does_not_matter_may_differ(reply: object) -> None:
    assert read(reply) == FOUND


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        *((without(key), WITHOUT_PLACE) for key in ("municipality", "votingStation", "pollingTable")),
        *((record(**{key: value}), WITHOUT_PLACE) for key in ("municipality", "votingStation", "pollingTable")
          for value in ("", "---", None, [], {}, True, "x" * 301)),
        ({"data": {"documentNumber": CEDULA}, "signature": SIGNATURE}, WITHOUT_PLACE),
        (record(documentNumber="19000002"), "the result is about another number"),
        (record(NUIP=19000002), "the result is about another number"),
        (without("documentNumber", "NUIP"), NOBODYS),
        (record(documentNumber="****0001", NUIP=""), NOBODYS),
        (RECORD, UNKNOWN),
        ({"data": [RECORD]}, UNKNOWN),
        ({"data": None}, UNKNOWN),
        ({"data": "Record not found."}, UNKNOWN),
        ({}, UNKNOWN),
        (ABSENT, UNKNOWN),
        ({**record(), **ABSENT}, UNKNOWN),
        ({**record(), "success": False}, UNKNOWN),
        ("", "the site answered application/json instead of JSON (HTTP 200)"),
        ("null", "the site answered application/json instead of JSON (HTTP 200)"),
        (json.dumps(record())[:-1], "the site answered application/json instead of JSON (HTTP 200)"),
        ("[" * 100_000, "the site answered application/json instead of JSON (HTTP 200)"),
    ],
)  # fmt: skip
def test_half_a_voting_place_is_none(reply: object, reason: str) -> None:
    outcome = read(reply)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.reason) == (FailureKind.PARSE_ERROR, reason)
    assert not outcome.is_unreachable


@pytest.mark.parametrize("reply", [ABSENT, {**ABSENT, "signature": SIGNATURE}])
def test_the_documented_absence_is_one(reply: object) -> None:
    assert read(reply, 404) == NotFound()


@pytest.mark.parametrize(
    "reply",
    [
        {**ABSENT, "message": "Route not found."},
        {**ABSENT, "message": "record not found"},
        {**ABSENT, "code": "ResourceNotFound"},
        {"message": "Record not found."},
        {**ABSENT, "data": RECORD},
        {"success": False, "error": "Voter not found", "code": "VOTER_NOT_FOUND"},
        record(),
        "Record not found.",
        "<html><body><h1>Not Found</h1><p>Record not found.</p></body></html>",
        "",
    ],
)
def test_any_other_404_is_no_verdict(reply: object) -> None:
    outcome = read(reply, 404)
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.PARSE_ERROR
    assert not outcome.is_unreachable


@pytest.mark.parametrize("http_status", [200, 201, 400, 409, 410])
def test_an_absence_under_another_status_is_no_verdict(http_status: int) -> None:
    assert read(ABSENT, http_status).status == "parse_error"


@pytest.mark.parametrize("http_status", [201, 206, 302, 400, 404, 409])
def test_a_voting_place_under_another_status_is_no_verdict(http_status: int) -> None:
    assert read(record(), http_status).status == "parse_error"


@pytest.mark.parametrize(
    ("reply", "http_status", "kind", "is_unreachable"),
    [
        (OUT_OF_SERVICE, 409, FailureKind.NETWORK_ERROR, True),
        (OUT_OF_SERVICE, 200, FailureKind.PARSE_ERROR, False),
        (MISSING, 409, FailureKind.PARSE_ERROR, False),
        ({"code": "Conflict", "message": "Something else."}, 409, FailureKind.PARSE_ERROR, False),
        ({"code": "InternalServerError", "message": "Server error."}, 500, FailureKind.NETWORK_ERROR, True),
        (record(), 500, FailureKind.NETWORK_ERROR, True),
        (ABSENT, 503, FailureKind.NETWORK_ERROR, True),
        ("<html>502 Bad Gateway</html>", 502, FailureKind.NETWORK_ERROR, True),
        ({}, 401, FailureKind.BLOCKED, False),
        (ABSENT, 402, FailureKind.BLOCKED, False),
        (BLOCK_PAGE, 403, FailureKind.BLOCKED, False),
        ("", 429, FailureKind.BLOCKED, False),
        (BLOCK_PAGE, 200, FailureKind.BLOCKED, False),
    ],
)
def test_troubles_are_told_apart(reply: object, http_status: int, kind: FailureKind, is_unreachable: bool) -> None:
    outcome = read(reply, http_status)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.is_unreachable) == (kind, is_unreachable)


@pytest.mark.parametrize("http_status", [200, 401, 404, 500])
def test_evidence_is_scrubbed(http_status: int) -> None:
    outcome = read({"code": "New", "jwt": "aB3_" * 40, "said": "x " * 20_000}, http_status)
    assert isinstance(outcome, Failure)
    assert "[token]" in outcome.evidence
    assert len(outcome.evidence) == 20_000


def test_another_persons_reply_is_not_kept() -> None:
    outcome = read(record(documentNumber="19000002", NUIP="19000002"))
    assert isinstance(outcome, Failure)
    assert outcome.evidence == ""


@pytest.mark.parametrize(
    ("reply", "http_status", "is_missing"), [(MISSING, 409, True), (MISSING, 400, False), (ABSENT, 409, False)]
)
def test_a_missing_number_is_recognised(reply: object, http_status: int, is_missing: bool) -> None:
    assert is_missing_parameter(json.dumps(reply), http_status) is is_missing


ABSENT_BODIES = (json.dumps(ABSENT), json.dumps({**ABSENT, "signature": SIGNATURE}))
OTHER_BODIES = (
    json.dumps(record()), json.dumps(record(), indent=1), json.dumps(without("NUIP")), json.dumps(OUT_OF_SERVICE),
    json.dumps(MISSING), json.dumps({"data": {"documentNumber": CEDULA}}), BLOCK_PAGE, "Not Found", "",
)  # fmt: skip
NOISE = (
    '"', "'", "{", "}", "]", "[", ",", ":", "\\u0000", "\\ud800", "\0", "\ud800", "true", "false", "null", "1e999",
    '"data":', '"data":{},', '"code":"NotFound",', '"NUIP":', "19000002", CEDULA, "0", "\n", "pollingTable", "<html>",
)  # fmt: skip
STATUSES = st.sampled_from([200, 200, 302, 401, 404, 404, 409, 500])


def parsed(body: str) -> object:
    with suppress(ValueError, RecursionError):
        return json.loads(body.replace("\0", "").lstrip("\ufeff"))
    return None


@patient
@given(mutated(ABSENT_BODIES + OTHER_BODIES, (*NOISE, "Record not found.", "NotFound")), STATUSES)
def test_no_mutated_reply_raises_or_gives_half_an_answer(body: str, http_status: int) -> None:
    match read(body, http_status):
        case Found() as found:
            assert http_status == 200
            assert all((found.municipio, found.puesto, found.mesa))
            assert CEDULA in body
        case NotFound():
            said = parsed(body)
            assert http_status == 404
            assert isinstance(said, dict)
            assert (said["code"], said["message"]) == ("NotFound", "Record not found.")
        case Failure() as failure:
            assert len(failure.evidence) <= 20_000
            assert "\0" not in failure.evidence
            assert CEDULA not in failure.reason


@patient
@given(mutated(OTHER_BODIES, NOISE), STATUSES)
def test_no_absence_comes_out_of_a_reply_that_holds_none(body: str, http_status: int) -> None:
    assert not isinstance(read(body, http_status), NotFound)


@settings(deadline=None)
@given(st.text(), st.integers(0, 999), st.text())
def test_whatever_comes_is_a_failure(body: str, http_status: int, content_type: str) -> None:
    assert isinstance(read(body, http_status, content_type), Failure)
