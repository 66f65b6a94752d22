"""What the census site's JSON replies say. PURE: text in, an answer or a failure out.

Keys are read in any case. Nobody has seen the reply's sentences, so an absence must be said twice: by `encontrado`, and
by a sentence that is known, or by a wider one beside an explicit flag.
"""

import re

from vereda.census.sources.port import Answer, Cancelled, Failure, FailureKind, Found, NotFound, voting_place
from vereda.census.sources.reading.evidence import scrub, storable
from vereda.census.sources.reading.novedades import NovedadKind, kind_of
from vereda.census.sources.reading.parsing import (
    ABOUT_ANOTHER,
    LONGEST_CELL,
    PLACE_INCOMPLETE,
    is_about_another,
    json_object,
    media_type,
    network_error,
    read_complaint,
    read_sentences,
    read_unknown_page,
    unreadable,
    visible_text_of,
)
from vereda.lib.text import fold, tidy

type Fields = dict[str, object]

_KEYS = {
    "departamento": "nom_depto",
    "municipio": "nom_mun",
    "puesto": "nom_puesto",
    "direccion": "direccion",
    "mesa": "mesa",
}
"""The fields of a voting place, with the site's keys for them."""

_ABSENT = re.compile(
    r"(?:(?:el|su) )?(?:documento|cedula|numero|persona|ciudadano)[\w .]{0,60}"
    r"\bno (?:se encuentra|figura|aparece|esta|existe|hace parte)[\w .]{0,60}\bcenso\b[\w .]{0,60}"
)
_CONDITION = re.compile(r"\b(si|cuando|caso)\b")
_CAPTCHA_TOKEN = re.compile(r"\btoken\b")
_OUT_OF_ORDER = re.compile(
    r"timed? ?out|\btimeout|\beconn|\bfetch failed|\b(no disponible|indisponible)\b"
    r"|\berror interno|\binternal server error"
)


def read_json_reply(body: str, content_type: str, http_status: int, cedula: str = "") -> Answer | Failure:
    """Return what the reply says, by its content: a block page comes with HTTP 200 too.

    With a `cedula`, a reply about another number is a failure, not an answer.
    """
    body = storable(body)
    payload = json_object(body)
    if payload is None:
        return read_unknown_page(body, http_status, f"{media_type(content_type)} instead of JSON")
    reply = _fields(payload)
    outcome = _read_reply(reply, body, cedula) if reply else unreadable("the reply has the same key twice", body)
    if isinstance(outcome, Failure) and outcome.kind is FailureKind.PARSE_ERROR:
        return _by_status(http_status, body) or outcome
    return outcome


def _by_status(http_status: int, body: str) -> Failure | None:
    """Return what the HTTP status says when the content says nothing."""
    if http_status in {403, 429}:
        return Failure(FailureKind.BLOCKED, f"the site blocked us (HTTP {http_status})", scrub(body))
    return network_error(f"the site answered HTTP {http_status}", body) if http_status >= 500 else None


def _read_reply(reply: Fields, body: str, cedula: str) -> Answer | Failure:
    match reply:
        case {"ok": False}:
            return _read_error(reply, body)
        case {"ok": True, "encontrado": True, "novedad": True}:
            return unreadable("a voting place and a novedad in one reply", body)
        case {"ok": True, "encontrado": True}:
            return _read_place(reply, body, cedula)
        case {"ok": True, "encontrado": False, "novedad": True}:
            return _read_novedad(reply, body, cedula)
        case {"ok": True, "encontrado": False}:
            return _read_absence(reply, body, cedula)
        case _:
            return unreadable("the reply says nothing known", body)


def _read_place(reply: Fields, body: str, cedula: str) -> Found | Failure:
    inner = reply.get("data")
    row = _fields(inner) if isinstance(inner, dict) else None
    if not row:
        return unreadable("a voting place without its fields", body)
    if is_about_another(text_of(row.get("nuip")), cedula):
        return _about_another()
    place = voting_place({name: text_of(row.get(key)) for name, key in _KEYS.items()})
    return place or unreadable(PLACE_INCOMPLETE, body)


def _read_novedad(reply: Fields, body: str, cedula: str) -> Answer | Failure:
    """The novedad is the text whose meaning is known, else the description, else the message."""
    if _names_another(reply, cedula):
        return _about_another()
    if _has_place(reply):
        return unreadable("a voting place and a novedad in one reply", body)
    said = [text for text in (_message(reply, "descripcion"), _message(reply, "mensaje")) if text]
    if not said:
        return unreadable("a novedad without words", body)
    known = next((text for text in said if kind_of(text) is not NovedadKind.OTHER), "")
    if known:
        return Cancelled(known)
    outcome = read_sentences(" ".join(said), cedula)
    return Cancelled(said[0]) if outcome is None else _with_evidence(outcome, body)


def _read_absence(reply: Fields, body: str, cedula: str) -> Answer | Failure:
    """An absence is the known sentence, or the flag that it is no novedad with a sentence that says the same."""
    if _names_another(reply, cedula):
        return _about_another()
    text = " ".join(filter(None, (_message(reply, "mensaje"), _message(reply, "descripcion"))))
    outcome = None if _has_place(reply) else read_sentences(text, cedula)
    if outcome is not None:
        return _with_evidence(outcome, body)
    complaint = read_complaint(text, body, is_success=False)
    if complaint is not None:
        return complaint
    if reply.get("novedad") is False and not _has_place(reply) and says_absent(fold(text)):
        return NotFound()
    return unreadable("the reply does not say that somebody is absent in words that are known", body)


def says_absent(folded: str) -> bool:
    """Whether a text is only a sentence that somebody is not in the census."""
    return _ABSENT.fullmatch(folded) is not None and not _CONDITION.search(folded)


def _read_error(reply: Fields, body: str) -> Failure:
    error = " ".join(filter(None, (_message(reply, key) for key in ("error", "mensaje", "message"))))
    maintenance = read_sentences(error, "")
    if isinstance(maintenance, Failure):
        return _with_evidence(maintenance, body)
    complaint = read_complaint(error, body, is_success=False)
    if complaint is not None:
        return complaint
    folded = fold(error)
    if _OUT_OF_ORDER.search(folded):
        return network_error("the site could not reach its own service", body)
    if _CAPTCHA_TOKEN.search(folded):
        return Failure(FailureKind.CAPTCHA_FAILED, "the site did not accept the captcha", scrub(body))
    return unreadable("the reply says that it failed, in words that are not known", body)


def _with_evidence[T: Answer](outcome: T | Failure, body: str) -> T | Failure:
    return Failure(outcome.kind, outcome.reason, scrub(body)) if isinstance(outcome, Failure) else outcome


def _about_another() -> Failure:
    return Failure(FailureKind.PARSE_ERROR, ABOUT_ANOTHER)


def _has_place(reply: Fields) -> bool:
    inner = reply.get("data")
    row = _fields(inner) if isinstance(inner, dict) else None
    return bool(row and (text_of(row.get("nom_puesto")) or text_of(row.get("mesa"))))


def _names_another(reply: Fields, cedula: str) -> bool:
    inner = reply.get("data")
    row = (_fields(inner) if isinstance(inner, dict) else None) or {}
    numbers = (fields.get(key) for fields in (reply, row) for key in ("nuip", "documento"))
    return any(is_about_another(text_of(number), cedula) for number in numbers)


def _fields(payload: Fields) -> Fields | None:
    """Return the object with lower-case keys; None if two of them become the same."""
    fields = {key.casefold(): value for key, value in payload.items()}
    return fields if len(fields) == len(payload) else None


def text_of(value: object) -> str:
    """Return a field's text; empty when it says nothing ("---") or is longer than any census text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = tidy(storable(value)) if isinstance(value, str) else ""
    return text if len(text) <= LONGEST_CELL and any(character.isalnum() for character in text) else ""


def _message(reply: Fields, key: str) -> str:
    """A sentence of the reply, without markup; empty when it is none or too long for one."""
    value = reply.get(key)
    return text_of(visible_text_of(storable(value))) if isinstance(value, str) else ""
