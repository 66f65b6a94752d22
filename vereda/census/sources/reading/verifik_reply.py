"""What the replies of Verifik's voting-place API say. PURE: text in, an answer or a failure out.

Documented (docs.verifik.co, "Voting Information for Colombian Citizens", and the Postman collection there, 2022-2026):

- 200 `{"data": {documentNumber, NUIP, department, municipality, votingStation, address, pollingTable}, "signature",
  "id"}`, all of them texts; its public twin has also shown a `data` with nothing but the number;
- 404 `{"code": "NotFound", "message": "Record not found."}`, with a `signature` or without;
- 409 `{"code": "MissingParameter", "message": "missing documentNumber\\n"}`;
- 409 `{"code": "Conflict", "message": "Endpoint out of service."}`;
- 500 `{"code": "InternalServerError", "message": "Server error."}`, at its other electoral services.

Assumed, because it is written nowhere: "Record not found." is what the census says, not an outage; 401 and 403 mean the
token, 402 the credits and 429 too many requests. The service has no field for novedades, so none is read. One page of
its documentation has `VOTER_NOT_FOUND` and another form for the 404, which no other page repeats: such a reply is a
failure, not an answer.
"""

from dataclasses import replace

from vereda.census.sources.port import Answer, Failure, FailureKind, Found, NotFound, voting_place
from vereda.census.sources.reading.evidence import scrub, storable
from vereda.census.sources.reading.json_reply import Fields, text_of
from vereda.census.sources.reading.parsing import (
    ABOUT_ANOTHER,
    PLACE_INCOMPLETE,
    digits,
    is_about_another,
    json_object,
    media_type,
    network_error,
    read_unknown_page,
    unreadable,
)

_KEYS = {
    "departamento": "department",
    "municipio": "municipality",
    "puesto": "votingStation",
    "direccion": "address",
    "mesa": "pollingTable",
}
"""The fields of a voting place, with the service's keys for them."""
_REFUSALS = {
    401: "the service refused the token",
    402: "the service refused: no credits are left",
    403: "the service refused: the token may not be used for this",
    429: "the service was asked too often",
}


def read_verifik_reply(body: str, content_type: str, http_status: int, cedula: str) -> Answer | Failure:
    """Return what a reply says about this cédula. A voting place must name it; an absence must be the documented one.

    `is_unreachable` is set when the service as a whole does not work.
    """
    body = storable(body)
    trouble = _by_status(http_status, body)
    if trouble is not None:
        return trouble
    reply = json_object(body)
    if reply is None:
        return read_unknown_page(body, http_status, f"{media_type(content_type)} instead of JSON")
    match (http_status, reply):
        case (200, {"data": dict(record)}) if "code" not in reply and reply.get("success", True) is True:
            return _read_record(record, body, cedula)
        case (404, {"code": "NotFound", "message": "Record not found."}) if "data" not in reply:
            return NotFound()
    return _read_complaint(reply, http_status, body)


def is_missing_parameter(body: str, http_status: int) -> bool:
    """Whether the service knows who asks, and says that a parameter is missing."""
    return http_status == 409 and (json_object(body) or {}).get("code") == "MissingParameter"


def _by_status(http_status: int, body: str) -> Failure | None:
    if http_status in _REFUSALS:
        return Failure(FailureKind.BLOCKED, f"{_REFUSALS[http_status]} (HTTP {http_status})", scrub(body))
    return _out_of_order(f"the service answered HTTP {http_status}", body) if http_status >= 500 else None


def _read_record(record: Fields, body: str, cedula: str) -> Found | Failure:
    numbers = [text_of(record.get(key)) for key in ("documentNumber", "NUIP")]
    if any(is_about_another(number, cedula) for number in numbers):
        return Failure(FailureKind.PARSE_ERROR, ABOUT_ANOTHER)
    place = voting_place({name: text_of(record.get(key)) for name, key in _KEYS.items()})
    if place is None:
        return unreadable(PLACE_INCOMPLETE, body)
    if cedula not in map(digits, numbers):
        return unreadable("a voting place that does not say whose it is", body)
    return place


def _read_complaint(reply: Fields, http_status: int, body: str) -> Failure:
    if http_status == 409 and reply.get("message") == "Endpoint out of service.":
        return _out_of_order("the service says that it is out of service", body)
    if is_missing_parameter(body, http_status):
        return unreadable("the service misses a part of the question", body)
    return unreadable(f"the reply says nothing known (HTTP {http_status})", body)


def _out_of_order(reason: str, body: str) -> Failure:
    return replace(network_error(reason, body), is_unreachable=True)
