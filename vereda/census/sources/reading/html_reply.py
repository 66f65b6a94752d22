"""What the census site's HTML pages say when they are the reply. PURE: text in, an answer or a failure out.

Nobody has seen where such a page shows its result. Outside the elements that other faces use, only what names the
cédula counts: a table with its number, or a complete sentence about it. A reply that is only the sentence need not
name it.
"""

import re
from itertools import islice

from selectolax.lexbor import LexborNode

from vereda.census.sources.port import Answer, Failure, FailureKind, NotFound
from vereda.census.sources.reading.evidence import storable
from vereda.census.sources.reading.parsing import (
    digits,
    innermost_tables,
    json_object,
    media_type,
    parsed,
    read_complaint,
    read_element,
    read_tables,
    read_unknown_page,
    unreadable,
    visible_text,
)
from vereda.lib.text import fold

_IS_ABSENT = r" no se encuentra en el censo(?: electoral)?(?: para (?:esta eleccion|las proximas elecciones))?\.?"
_ABSENCE = re.compile(r"el documento de identidad (?:con )?(?:numero|no\.?):? ([0-9.,]+)" + _IS_ABSENT)
_ABSENCE_OF_WHO_WAS_ASKED = re.compile("el documento consultado" + _IS_ABSENT)
_MOST_SENTENCES = 100
_LONGEST_SENTENCE = 500
_ALERTS = "#div_error, #div_warning, .alert, [role=alert]"


def read_html_reply(body: str, content_type: str, http_status: int, cedula: str) -> Answer | Failure:
    """Return what the page after the form says, or the piece of HTML that its script fetches."""
    body = storable(body)
    if json_object(body) is not None:
        return unreadable(f"{media_type(content_type)} instead of a page", body)
    tree = parsed(body)
    root = tree.css_first("#success") or tree.css_first("#consulta")
    outcome = read_element(root, cedula) if root is not None else None
    outcome = outcome or (_read_whole_page(tree.body, cedula) if tree.body else None)
    if outcome is not None and not isinstance(outcome, Failure):
        return outcome
    unknown = read_unknown_page(body, http_status, "a page without a known result")
    if unknown.kind is not FailureKind.PARSE_ERROR:
        return unknown
    complaint = " ".join(visible_text(alert) for alert in tree.css(_ALERTS))
    return read_complaint(complaint, body, is_success=False) or outcome or unknown


def _read_whole_page(body: LexborNode, cedula: str) -> Answer | Failure | None:
    """Return what a page says about this cédula, if it names it; else None."""
    tables = innermost_tables(body)
    named = [table for table in tables if any(digits(row.get("nuip", "")) == cedula for row in table.rows)]
    is_absent = _names_as_absent(body, cedula) or _ABSENCE_OF_WHO_WAS_ASKED.fullmatch(fold(visible_text(body)))
    return read_tables(named, cedula) or (NotFound() if is_absent else None)


def _names_as_absent(body: LexborNode, cedula: str) -> bool:
    """Whether an element is only the sentence that this number is not in the census."""
    texts = (node for node in body.traverse(include_text=True) if node.tag == "-text")
    about = islice((node for node in texts if "censo" in node.text(deep=False).casefold()), _MOST_SENTENCES)
    elements = (element for node in about for element in (node.parent, node.parent and node.parent.parent) if element)
    texts_around = (visible_text(element) for element in elements)
    said = (_ABSENCE.fullmatch(fold(text)) for text in texts_around if len(text) <= _LONGEST_SENTENCE)
    return any(digits(found[1]) == cedula for found in said if found)
