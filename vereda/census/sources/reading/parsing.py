"""What a reply of a census site says. PURE: text in, an answer or a failure out.

A reply is read by its structure: the headers of its tables, without accents and case, and the sentences of its result
element. No word is searched in a whole page, because addresses, help texts and scripts have the same words.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from vereda.census.sources.port import Answer, Cancelled, Failure, FailureKind, Found, NotFound, voting_place
from vereda.census.sources.reading.evidence import scrub, storable
from vereda.lib.text import fold, tidy

type Row = dict[str, str]

ABOUT_ANOTHER = "the result is about another number"
PLACE_INCOMPLETE = "a voting place without its municipio, puesto or mesa"

LONGEST_CELL = 300
_LONGEST_COMPLAINT = 500
_WHOLE_PAGE = re.compile(r"<(!doctype|html|head|body|title|frameset)\b", re.IGNORECASE)
SENTENCE_END = re.compile(r"(?<=[.:;!?])\s+")
_NOT_IN_CENSUS = re.compile(r"\bno se encuentra en el censo\b")
_CONDITION = re.compile(r"[¿?]|\b(si|cuando|caso)\b")
_LONGEST_SENTENCE = 1000
_NUMBER = re.compile(r"\bnumero:? ([0-9][0-9.,]{3,})")
_MAINTENANCE = re.compile(r"\bse encuentra en actualizaci")
_CAPTCHA = re.compile(r"captcha|no soy un robot|cuadro de verificaci")
_SESSION_OVER = re.compile(r"\bsesion\b.{0,20}\b(expir|venci|caduc)|\b(expir|venci|caduc)\w* (la|su) sesion\b")
_TRANSIENT = re.compile(r"curl error|ocurrio un error al procesar|tiempo de espera|intente (de nuevo )?mas tarde")
_BLOCK_TITLE = re.compile(r"^(request rejected|just a moment|attention required|access denied)")
_BLOCK_TEXT = re.compile(r"evento de seguridad|the requested url was rejected|your support id is")


@dataclass(frozen=True, slots=True)
class Table:
    """A table's folded headers, and its rows with the headers as keys."""

    headers: frozenset[str]
    rows: tuple[Row, ...]


def read_result_html(html: str, cedula: str = "") -> Answer | Failure:
    """Return what a result says. Of a whole page only its result element is read.

    With a `cedula`, a result about another number is a failure, not an answer.
    """
    html = storable(html)
    root = _result_element(parsed(html), html)
    if root is None:
        return unreadable("the page has no result element", html)
    return read_element(root, cedula) or unreadable("the result says nothing known", html)


def read_ajax_reply(body: str, content_type: str, http_status: int, cedula: str = "") -> Answer | Failure:
    """Return what the reply to the AJAX form says, by its content: a block page comes with HTTP 200 too."""
    body = storable(body)
    payload = json_object(body)
    if payload is None:
        return read_unknown_page(body, http_status, f"{media_type(content_type)} instead of JSON")
    outcome = _read_payload(payload, body, cedula)
    if http_status >= 500 and isinstance(outcome, Failure) and outcome.kind is FailureKind.PARSE_ERROR:
        return network_error(f"the site answered HTTP {http_status}", body)
    return outcome


def read_unknown_page(html: str, http_status: int, what: str = "a page without a known form") -> Failure:
    """Return why a page is neither a form nor a reply: a block, an outage, or unknown."""
    html = storable(html)
    tree = LexborHTMLParser(html)
    text = fold(visible_text(tree.body)) if tree.body else ""
    if http_status in {403, 429} or _is_block(tree, text):
        return Failure(FailureKind.BLOCKED, f"the site blocked us (HTTP {http_status})", scrub(html))
    if _MAINTENANCE.search(text):
        return network_error("the site is being updated", html)
    if http_status >= 500:
        return network_error(f"the site answered HTTP {http_status}", html)
    return unreadable(f"the site answered {what} (HTTP {http_status})", html)


def _read_payload(payload: dict[str, object], body: str, cedula: str) -> Answer | Failure:
    message = _message(payload)
    is_success = payload.get("success") is True
    outcome = read_result_html(message, cedula)
    match outcome:
        case Cancelled() | NotFound():
            return outcome  # nobody knows which flag these two come with, so both are accepted
        case Found():
            return outcome if is_success else unreadable("a voting place in a reply that says it failed", body)
        case Failure(kind=FailureKind.PARSE_ERROR):
            if not is_success and payload.get("reload") is True:
                return network_error("the site asked to load the page again: its session was over", body)
            return read_complaint(message, body, is_success=is_success) or Failure(
                outcome.kind, outcome.reason, scrub(body)
            )
        case _:
            return Failure(outcome.kind, outcome.reason, scrub(body))


def read_complaint(message: str, body: str, *, is_success: bool) -> Failure | None:
    """Return the failure that a short complaint of the site means; None for unknown words."""
    text = fold(message)
    if len(text) > _LONGEST_COMPLAINT:
        return None
    if _TRANSIENT.search(text):
        return network_error("the site could not reach its own service", body)
    if not is_success and _SESSION_OVER.search(text):
        return network_error("the site's session was over", body)
    if not is_success and _CAPTCHA.search(text):
        return Failure(FailureKind.CAPTCHA_FAILED, "the site did not accept the captcha", scrub(body))
    return None


def read_element(element: LexborNode, cedula: str) -> Answer | Failure | None:
    """Return what an element says by its tables, else by its sentences; None for nothing known."""
    return read_tables(innermost_tables(element), cedula) or read_sentences(visible_text(element), cedula)


def innermost_tables(element: LexborNode) -> list[Table]:
    """Return the tables without tables inside: others are there for the layout."""
    return [_read_table(table) for table in element.css("table") if len(table.css("table")) == 1]


def read_tables(tables: Iterable[Table], cedula: str) -> Answer | Failure | None:
    """Read a table of novedades first, then one of voting places; None when there is neither."""
    known = [table for table in tables if "novedad" in table.headers or {"puesto", "mesa"} <= table.headers]
    rows = [row for table in known for row in table.rows]
    if any(is_about_another(row.get("nuip", ""), cedula) for row in rows):
        return Failure(FailureKind.PARSE_ERROR, ABOUT_ANOTHER)
    novedad = next((row for row in rows if row.get("novedad")), None)
    if novedad:
        return _read_novedad(novedad)
    if any(row.get("puesto") or row.get("mesa") for row in rows):
        return _read_place(rows)
    return unreadable("the result's table has empty cells", repr(rows)) if rows else None


def _read_novedad(row: Row) -> Answer | Failure:
    """The cell is a novedad, unless the census put one of its other sentences there."""
    novedad = row["novedad"]
    return read_sentences(novedad, "") or Cancelled(
        novedad=novedad, resolucion=row.get("resolucion", ""), fecha_novedad=row.get("fecha novedad", "")
    )


def _read_place(rows: list[Row]) -> Found | Failure:
    places = set(filter(None, map(voting_place, rows)))
    if len(places) == 1:
        return places.pop()
    return unreadable("more than one voting place" if places else PLACE_INCOMPLETE, repr(rows))


def read_sentences(text: str, cedula: str) -> NotFound | Failure | None:
    """Return what the sentences of a result say; None for nothing known."""
    folded = fold(text)
    if _MAINTENANCE.search(folded):
        return network_error("the census is being updated", text)
    sentence = next(filter(_says_not_in_census, SENTENCE_END.split(folded)), None)
    if sentence is None:
        return None
    number = _NUMBER.search(sentence)
    if number and is_about_another(number[1], cedula):
        return Failure(FailureKind.PARSE_ERROR, ABOUT_ANOTHER)
    return NotFound()


def _says_not_in_census(sentence: str) -> bool:
    """Whether a sentence states it. A question, or one that begins with a condition, is help text."""
    found = _NOT_IN_CENSUS.search(sentence[:_LONGEST_SENTENCE])
    return found is not None and not _CONDITION.search(sentence[: found.start()]) and "?" not in sentence


def _read_table(table: LexborNode) -> Table:
    headers: list[str] = []
    rows: list[Row] = []
    for line in table.css("tr"):
        cells = [cell for cell in line.iter() if cell.tag in {"td", "th"}]
        if any((cell.attributes.get("colspan") or "1") != "1" for cell in cells):
            continue
        if all(cell.tag == "th" for cell in cells):
            headers = headers or [header_of(visible_text(cell)) for cell in cells]
        else:
            rows.append(_read_row(cells, headers))
    return Table(frozenset(headers).union(*rows), tuple(rows))


def _read_row(cells: list[LexborNode], headers: list[str]) -> Row:
    """Name each cell by its own `data-th`, else by the header above, if there is one for each cell."""
    above = headers if len(headers) == len(cells) else [""] * len(cells)
    names = [header_of(cell.attributes.get("data-th") or "") or over for cell, over in zip(cells, above, strict=True)]
    return {name: value_of(visible_text(cell)) for name, cell in zip(names, cells, strict=True) if name}


def header_of(text: str) -> str:
    """Return a header in the form in which headers are compared."""
    return fold(text).rstrip(" :.")


def value_of(text: str) -> str:
    """Return a cell's text; empty when it says nothing ("---") or is longer than any census text."""
    text = tidy(text)
    return text if len(text) <= LONGEST_CELL and any(character.isalnum() for character in text) else ""


def visible_text(node: LexborNode) -> str:
    """Return the text below an element, with spaces between its pieces."""
    return node.text(separator=" ")


def visible_text_of(html: str) -> str:
    body = parsed(html).body
    return visible_text(body) if body else ""


def parsed(html: str) -> LexborHTMLParser:
    """Return the page without its invisible elements."""
    tree = LexborHTMLParser(html)
    tree.strip_tags(["script", "style", "template", "noscript"])
    return tree


def _result_element(tree: LexborHTMLParser, html: str) -> LexborNode | None:
    """Return where a page shows its result. HTML that is not a whole page is all result."""
    if _WHOLE_PAGE.search(html):
        return tree.css_first("#success") or tree.css_first("#consulta")
    return tree.body


def _is_block(tree: LexborHTMLParser, text: str) -> bool:
    title = tree.css_first("title")
    is_titled = title is not None and _BLOCK_TITLE.match(fold(title.text()))
    return bool(is_titled or _BLOCK_TEXT.search(text) or tree.css_first(".blocked h3"))


def is_about_another(number: str, cedula: str) -> bool:
    """Whether this is another number. One with fewer than five digits is masked, or not a cédula."""
    bare = digits(number)
    return bool(cedula) and len(bare) >= 5 and bare != cedula


def digits(number: str) -> str:
    """Return the number bare: no dots, no leading zeros."""
    return re.sub(r"[^0-9]", "", number).lstrip("0")


def json_object(body: str) -> dict[str, object] | None:
    """Return the object that the body is in JSON; None for anything else."""
    try:
        payload = json.loads(body.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def _message(payload: dict[str, object]) -> str:
    inner = payload.get("data")
    candidates = (inner.get("message") if isinstance(inner, dict) else None, payload.get("message"))
    return next((message for message in candidates if isinstance(message, str) and message), "")


def media_type(content_type: str) -> str:
    """Return the media type for a failure's reason, which must not repeat anything else that a site sends."""
    found = re.match(r"[\w.+-]{1,40}/[\w.+-]{1,40}", content_type, re.ASCII)
    return found[0] if found else "something"


def unreadable(reason: str, evidence: str) -> Failure:
    return Failure(FailureKind.PARSE_ERROR, reason, scrub(evidence))


def network_error(reason: str, evidence: str) -> Failure:
    return Failure(FailureKind.NETWORK_ERROR, reason, scrub(evidence))
