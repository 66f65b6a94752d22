"""What a reply of a census site says. PURE: text in, an answer or a failure out.

A reply is judged by its structure: the headers of its tables, accents and case aside, and the sentences of its result
element. No word is looked for in a whole page, because addresses, help texts and scripts hold the same words.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from vereda.census.sources.evidence import scrub, storable
from vereda.census.sources.port import Answer, Cancelled, Failure, FailureKind, Found, NotFound
from vereda.lib.text import fold, tidy

type Row = dict[str, str]

_LONGEST_CELL = 300
_LONGEST_COMPLAINT = 500
_WHOLE_PAGE = re.compile(r"<(!doctype|html|head|body|title|frameset)\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.:;!?])\s+")
_NOT_IN_CENSUS = re.compile(r"\bno se encuentra en el censo\b")
_CONDITION = re.compile(r"[¿?]|\b(si|cuando|caso)\b")
_LONGEST_SENTENCE = 1000
_NUMBER = re.compile(r"\bnumero:? ([0-9][0-9.,]{3,})")
_MAINTENANCE = re.compile(r"\bse encuentra en actualizaci")
_CAPTCHA = re.compile(r"captcha|no soy un robot|cuadro de verificaci")
_TRANSIENT = re.compile(r"curl error|ocurrio un error al procesar|tiempo de espera|intente (de nuevo )?mas tarde")
_BLOCK_TITLE = re.compile(r"^(request rejected|just a moment|attention required|access denied)")
_BLOCK_TEXT = re.compile(r"evento de seguridad|the requested url was rejected|your support id is")


@dataclass(frozen=True, slots=True)
class _Table:
    headers: frozenset[str]
    rows: tuple[Row, ...]


def read_result_html(html: str, cedula: str = "") -> Answer | Failure:
    """Return what the inside of a page's result element says; of a whole page, only its result element is read.

    With a `cedula`, a result about another number is a failure, not an answer.
    """
    html = storable(html)
    root = _result_element(html)
    if root is None:
        return _unreadable("the page has no result element", html)
    outcome = _read_tables([_read_table(table) for table in root.css("table") if len(table.css("table")) == 1], cedula)
    return outcome or _read_sentences(_visible_text(root), cedula) or _unreadable("the result says nothing known", html)


def read_ajax_reply(body: str, content_type: str, http_status: int, cedula: str = "") -> Answer | Failure:
    """Return what the reply to the AJAX form says, judged by its content: a block page comes with HTTP 200 as well."""
    body = storable(body)
    payload = _json_object(body)
    if payload is None:
        return read_strange_page(body, http_status, f"{_media_type(content_type)} instead of JSON")
    outcome = _read_payload(payload, body, cedula)
    if http_status >= 500 and isinstance(outcome, Failure) and outcome.kind is FailureKind.PARSE_ERROR:
        return _network_error(f"the site answered HTTP {http_status}", body)
    return outcome


def read_strange_page(html: str, http_status: int, what: str = "a page without a known form") -> Failure:
    """Return why a page that should have been a form or a reply is neither: a block, an outage, or unknown."""
    html = storable(html)
    tree = LexborHTMLParser(html)
    text = fold(_visible_text(tree.body)) if tree.body else ""
    if http_status in {403, 429} or _is_block(tree, text):
        return Failure(FailureKind.BLOCKED, f"the site blocked us (HTTP {http_status})", scrub(html))
    if _MAINTENANCE.search(text):
        return _network_error("the site is being updated", html)
    if http_status >= 500:
        return _network_error(f"the site answered HTTP {http_status}", html)
    return _unreadable(f"the site answered {what} (HTTP {http_status})", html)


def _read_payload(payload: dict[str, object], body: str, cedula: str) -> Answer | Failure:
    message = _message(payload)
    is_success = payload.get("success") is True
    outcome = read_result_html(message, cedula)
    match outcome:
        case Cancelled() | NotFound():
            return outcome  # nobody knows which flag these two come with, so both are accepted
        case Found():
            return outcome if is_success else _unreadable("a voting place in a reply that says it failed", body)
        case Failure(kind=FailureKind.PARSE_ERROR):
            if not is_success and payload.get("reload") is True:
                return _network_error("the site asked to load the page again: its session was over", body)
            return _read_complaint(message, body, is_success=is_success) or Failure(
                outcome.kind, outcome.reason, scrub(body)
            )
        case _:
            return Failure(outcome.kind, outcome.reason, scrub(body))


def _read_complaint(message: str, body: str, *, is_success: bool) -> Failure | None:
    text = fold(message)
    if len(text) > _LONGEST_COMPLAINT:
        return None
    if _TRANSIENT.search(text):
        return _network_error("the site could not reach its own service", body)
    if not is_success and _CAPTCHA.search(text):
        return Failure(FailureKind.CAPTCHA_FAILED, "the site did not accept the captcha", scrub(body))
    return None


def _read_tables(tables: Iterable[_Table], cedula: str) -> Answer | Failure | None:
    """Read a table of novedades first, then one of voting places; None when there is neither."""
    known = [table for table in tables if "novedad" in table.headers or {"puesto", "mesa"} <= table.headers]
    rows = [row for table in known for row in table.rows]
    if any(_is_about_another(row.get("nuip", ""), cedula) for row in rows):
        return Failure(FailureKind.PARSE_ERROR, "the result is about another number")
    novedad = next((row for row in rows if row.get("novedad")), None)
    if novedad:
        return _read_novedad(novedad)
    if any(row.get("puesto") or row.get("mesa") for row in rows):
        return _read_place(rows)
    return _unreadable("the result's table has empty cells", repr(rows)) if rows else None


def _read_novedad(row: Row) -> Answer | Failure:
    """The cell is a novedad, unless the census put one of its other sentences there."""
    novedad = row["novedad"]
    return _read_sentences(novedad, "") or Cancelled(
        novedad=novedad, resolucion=row.get("resolucion", ""), fecha_novedad=row.get("fecha novedad", "")
    )


def _read_place(rows: list[Row]) -> Found | Failure:
    places = {
        Found(
            municipio=row["municipio"],
            puesto=row["puesto"],
            mesa=row["mesa"],
            departamento=row.get("departamento", ""),
            direccion=row.get("direccion", ""),
        )
        for row in rows
        if row.get("municipio") and row.get("puesto") and row.get("mesa")
    }
    if len(places) == 1:
        return places.pop()
    complaint = "more than one voting place" if places else "a voting place without its municipio, puesto or mesa"
    return _unreadable(complaint, repr(rows))


def _read_sentences(text: str, cedula: str) -> NotFound | Failure | None:
    folded = fold(text)
    if _MAINTENANCE.search(folded):
        return _network_error("the census is being updated", text)
    sentence = next(filter(_says_not_in_census, _SENTENCE_END.split(folded)), None)
    if sentence is None:
        return None
    number = _NUMBER.search(sentence)
    if number and _is_about_another(number[1], cedula):
        return Failure(FailureKind.PARSE_ERROR, "the result is about another number")
    return NotFound()


def _says_not_in_census(sentence: str) -> bool:
    """Say whether a sentence states it; one that asks, or begins with a condition, is help text."""
    found = _NOT_IN_CENSUS.search(sentence[:_LONGEST_SENTENCE])
    return found is not None and not _CONDITION.search(sentence[: found.start()]) and "?" not in sentence


def _read_table(table: LexborNode) -> _Table:
    headers: list[str] = []
    rows: list[Row] = []
    for line in table.css("tr"):
        cells = [cell for cell in line.iter() if cell.tag in {"td", "th"}]
        if any((cell.attributes.get("colspan") or "1") != "1" for cell in cells):
            continue
        if all(cell.tag == "th" for cell in cells):
            headers = headers or [_header(_visible_text(cell)) for cell in cells]
        else:
            rows.append(_read_row(cells, headers))
    return _Table(frozenset(headers).union(*rows), tuple(rows))


def _read_row(cells: list[LexborNode], headers: list[str]) -> Row:
    """Name each cell by its own `data-th`, else by the header above it, which must be one for each cell."""
    above = headers if len(headers) == len(cells) else [""] * len(cells)
    names = [_header(cell.attributes.get("data-th") or "") or over for cell, over in zip(cells, above, strict=True)]
    return {name: _value(cell) for name, cell in zip(names, cells, strict=True) if name}


def _header(text: str) -> str:
    return fold(text).rstrip(" :.")


def _value(cell: LexborNode) -> str:
    """The cell's text; empty when it says nothing ("---") or is longer than anything that a census prints."""
    text = tidy(_visible_text(cell))
    return text if len(text) <= _LONGEST_CELL and any(character.isalnum() for character in text) else ""


def _visible_text(node: LexborNode) -> str:
    return node.text(separator=" ")


def _result_element(html: str) -> LexborNode | None:
    tree = LexborHTMLParser(html)
    tree.strip_tags(["script", "style", "template", "noscript"])
    if _WHOLE_PAGE.search(html):
        return tree.css_first("#success") or tree.css_first("#consulta")
    return tree.body


def _is_block(tree: LexborHTMLParser, text: str) -> bool:
    title = tree.css_first("title")
    is_titled = title is not None and _BLOCK_TITLE.match(fold(title.text()))
    return bool(is_titled or _BLOCK_TEXT.search(text) or tree.css_first(".blocked h3"))


def _is_about_another(number: str, cedula: str) -> bool:
    """Say whether the number is another one. A number of less than five digits is masked or no number at all."""
    digits = re.sub(r"[^0-9]", "", number).lstrip("0")
    return bool(cedula) and len(digits) >= 5 and digits != cedula


def _json_object(body: str) -> dict[str, object] | None:
    try:
        payload = json.loads(body.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def _message(payload: dict[str, object]) -> str:
    inner = payload.get("data")
    candidates = (inner.get("message") if isinstance(inner, dict) else None, payload.get("message"))
    return next((message for message in candidates if isinstance(message, str) and message), "")


def _media_type(content_type: str) -> str:
    found = re.match(r"[\w.+-]{1,40}/[\w.+-]{1,40}", content_type, re.ASCII)
    return found[0] if found else "something"


def _unreadable(reason: str, evidence: str) -> Failure:
    return Failure(FailureKind.PARSE_ERROR, reason, scrub(evidence))


def _network_error(reason: str, evidence: str) -> Failure:
    return Failure(FailureKind.NETWORK_ERROR, reason, scrub(evidence))
