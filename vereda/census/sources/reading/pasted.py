"""What a person copied from a census page and pasted here. PURE: text in, an answer or a failure out.

Browsers copy a table as lines with a tab between cells, some phones put each cell on its own line, and a copy of the
whole page has its form and footer too. The tables are rebuilt and read by the rules for replies. Outside of tables only
a sentence that names the number counts, or the end of the text: there the JSON page writes its result.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from vereda.census.sources.port import Answer, Cancelled, Failure, FailureKind, NotFound
from vereda.census.sources.reading.evidence import storable, without_cedula
from vereda.census.sources.reading.html_reply import read_html_reply
from vereda.census.sources.reading.json_reply import read_json_reply, says_absent
from vereda.census.sources.reading.novedades import NovedadKind, kind_of
from vereda.census.sources.reading.parsing import (
    ABOUT_ANOTHER,
    SENTENCE_END,
    Row,
    Table,
    digits,
    header_of,
    is_about_another,
    json_object,
    read_ajax_reply,
    read_complaint,
    read_tables,
    read_unknown_page,
    value_of,
)
from vereda.lib.text import fold, tidy

type Cells = list[str]

LONGEST = 20_000
TOO_LONG = "the text is longer than any result"
TWO_ANSWERS = "the text says two things"
NOTHING_KNOWN = "the text says nothing known"

_NUIP = "nuip"
_LABELS = {
    _NUIP: (
        *("nuip", "cedula", "documento", "documento de identidad"),
        *("numero de cedula", "numero de documento", "numero de identificacion", "no. identificacion"),
    ),
    "departamento": ("departamento", "nom_depto"),
    "municipio": ("municipio", "nom_mun"),
    "puesto": ("puesto", "nom_puesto", "puesto de votacion"),
    "direccion": ("direccion", "direccion puesto", "direccion del puesto"),
    "mesa": ("mesa",),
    "novedad": ("novedad",),
    "resolucion": ("resolucion",),
    "fecha novedad": ("fecha novedad",),
    "zona": ("zona",),
    "fecha de inscripcion": ("fecha de inscripcion",),
}
_NAMES = {label: name for name, labels in _LABELS.items() for label in labels}
"""The folded labels of the pages, with the parsers' name for each."""

_LINES_AT_THE_END = 2
_FEWEST_COLUMNS = 3
_GAP = re.compile(r"\s{2,}")
_RAW = re.compile(r"<[a-z!]|\{", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"[0-9](?:\.?[0-9]){4,}")
_NUMBER_ALONE = re.compile(r"[0-9][0-9.,]{3,}")
_LAST_VALUE = re.compile(r"[0-9].{0,19}")
_NOVEDAD = re.compile(
    r"(?:(?:cancelada|baja) por|vigente con (?:perdida|suspension|interdiccion)"
    r"|pendiente (?:por )?(?:estar|solicitud))[\w ]{1,80}\.?"
)


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was read. `names_cedula` says that the text contains the number, so it is about this person."""

    outcome: Answer | Failure
    names_cedula: bool = False


def read_pasted(text: str, cedula: str) -> Pasted:
    """Return what a pasted text says about this cédula: a result as copied, the whole page, or a raw reply.

    A number that the text gives as somebody's must be this one. A failure brings no evidence: nothing of it is kept.
    """
    if len(text) > LONGEST:
        return Pasted(_unreadable(TOO_LONG))
    text = storable(text)
    raw = _read_raw(text.strip(), cedula)
    read = Pasted(raw, names_cedula=without_cedula(text, cedula) != text) if raw else _read_copied(text, cedula)
    if isinstance(read.outcome, Failure):
        return Pasted(Failure(read.outcome.kind, read.outcome.reason), read.names_cedula)
    return read


def _read_raw(text: str, cedula: str) -> Answer | Failure | None:
    """Return what a raw reply says; None for a text that is none."""
    if not _RAW.match(text):
        return None
    payload = json_object(text)
    if payload is not None:
        read = read_ajax_reply if "success" in payload else read_json_reply
        return read(text, "application/json", 200, cedula)
    return read_html_reply(text, "text/html", 200, cedula) if text.startswith("<") else None


def _read_copied(text: str, cedula: str) -> Pasted:
    lines = [line for line in text.splitlines() if line.strip()]
    cells = [_cells(line) for line in lines]
    end = [alone for alone, *others in cells[-_LINES_AT_THE_END:] if not others]
    pairs = list(_rows_of_pairs(cells))
    tables = [*_tables_in_columns(cells), *_tables_in_one_column(cells), *map(_table, filter(_is_result, pairs))]
    absences = list(_numbers_of_absences([tidy(line) for line in lines], end))
    rows = [*pairs, *(row for table in tables for row in table.rows)]
    numbers = [*(row.get(_NUIP, "") for row in rows), *(number for numbers in absences for number in numbers)]
    names_cedula = any(digits(number) == cedula for number in numbers)
    if any(is_about_another(number, cedula) for number in numbers):
        return Pasted(_unreadable(ABOUT_ANOTHER), names_cedula)
    said = _said(tables, cedula, end, is_absent=bool(absences))
    if len(said) > 1:
        return Pasted(_unreadable(TWO_ANSWERS), names_cedula)
    return Pasted(said[0] if said else _why_nothing(text, end), names_cedula)


def _said(tables: Sequence[Table], cedula: str, end: Sequence[str], *, is_absent: bool) -> list[Answer | Failure]:
    """Return all that the text says: by its tables, by a sentence, and, only without tables, by its end."""
    by_table = read_tables(tables, cedula)
    by_end = () if by_table else map(_novedad_alone, dict.fromkeys(end))
    return [said for said in (by_table, NotFound() if is_absent else None, *by_end) if said is not None]


def _why_nothing(text: str, end: Sequence[str]) -> Failure:
    """Return why there is no answer: the page's own complaint or block, else an unknown text."""
    failure = read_complaint(" ".join(end), "", is_success=False) or read_unknown_page(text, 200)
    return _unreadable(NOTHING_KNOWN) if failure.kind is FailureKind.PARSE_ERROR else failure


def _cells(line: str) -> Cells:
    """Return the cells of a line, also empty ones: separated by tabs or, without tabs, by wide gaps."""
    return [tidy(cell) for cell in (line.split("\t") if "\t" in line else _GAP.split(line.strip()))]


def _tables_in_columns(lines: Sequence[Cells]) -> Iterator[Table]:
    """Yield each table with its headers in one line and as many cells in the lines below."""
    for at, cells in enumerate(lines):
        names = [_name_of(cell) for cell in cells]
        if _is_heading(names):
            rows = [_row(names, below) for below in _lines_below(lines[at + 1 :], len(names))]
            yield Table(frozenset(filter(None, names)), tuple(rows))


def _lines_below(lines: Sequence[Cells], width: int) -> Iterator[Cells]:
    """Yield the lines that fit under the headers; one line across the whole table may come first."""
    is_first = True
    for cells in lines:
        if len(cells) == width and not _is_heading([_name_of(cell) for cell in cells]):
            is_first = False
            yield cells
        elif len(cells) > 1 or not is_first:
            return


def _tables_in_one_column(lines: Sequence[Cells]) -> Iterator[Table]:
    """Yield each table whose cells are one below the other: all headers, then as many values.

    An empty cell leaves no line, and all values after it would be under the wrong header.
    """
    column = [cells[0] if len(cells) == 1 else "" for cells in lines]
    known = [_NAMES.get(header_of(cell), "") for cell in column]
    for at, name in enumerate(known):
        if name == _NUIP:
            names = list(takewhile(bool, known[at : at + len(_LABELS)]))
            below = column[at + len(names) : at + 2 * len(names) + 1]
            values = below[: len(names)] if below and _NUMBER_ALONE.fullmatch(below[0]) else below[1:]
            if _is_heading(names) and _are_in_place(names, values):
                yield _table(_row(names, values))


def _are_in_place(names: Sequence[str], values: Sequence[str]) -> bool:
    """Whether values fit their headers: a number first, words where words belong, a number last."""
    if len(values) != len(names) or not (_NUMBER_ALONE.fullmatch(values[0]) and _LAST_VALUE.fullmatch(values[-1])):
        return False
    row = _row(names, values)
    words = [row[name] for name in ("municipio", "puesto", "novedad") if name in row]
    return all(any(character.isalpha() for character in word) for word in words)


def _rows_of_pairs(lines: Sequence[Cells]) -> Iterator[Row]:
    """Yield each group of labels with their values: in one line, or the value below its label."""
    row: Row = {}
    at = 0
    while at < len(lines):
        name, value, used = _pair(lines[at : at + 2])
        if row and (not name or name in row):
            yield row
            row = {}
        if name:
            row[name] = value_of(value)
        at += used
    if row:
        yield row


def _pair(lines: Sequence[Cells]) -> tuple[str, str, int]:
    """Return a label's name, its value, and how many lines they take; no name where no pair begins."""
    match lines:
        case [[label, value], *_]:
            return _name_of(label), value, 1
        case [[text], *_] if ":" in text and _NAMES.get(header_of(text.partition(":")[0])):
            label, _, value = text.partition(":")
            return (_name_of(label), value, 1) if value else _pair([[label], *lines[1:]])
        case [[label], [value]] if header_of(label) in _NAMES and header_of(value) not in _NAMES:
            return _name_of(label), value, 2
        case _:
            return "", "", 1


def _name_of(label: str) -> str:
    """Return the parsers' name for a label; an unknown label is its own name."""
    return _NAMES.get(header_of(label), header_of(label))


def _is_heading(names: Sequence[str]) -> bool:
    named = [name for name in names if name]
    return len(named) >= _FEWEST_COLUMNS and len(set(named)) == len(named) and _is_result(named)


def _is_result(names: Iterable[str]) -> bool:
    """Whether headers are those of a result. A "novedad" alone may be a page's news."""
    found = set(names)
    return {"puesto", "mesa"} <= found or ("novedad" in found and bool(found & {_NUIP, "resolucion"}))


def _row(names: Sequence[str], values: Sequence[str]) -> Row:
    return {name: value_of(value) for name, value in zip(names, values, strict=False) if name}


def _table(row: Row) -> Table:
    return Table(frozenset(row), (row,))


def _numbers_of_absences(lines: Sequence[str], end: Sequence[str]) -> Iterator[list[str]]:
    """Yield the numbers in each sentence of an absence; one without a number counts only at the end."""
    for line in lines:
        folded = fold(line)
        for sentence in {folded, *SENTENCE_END.split(folded)}:
            numbers = _LONG_NUMBER.findall(sentence)
            if says_absent(sentence) and (numbers or line in end):
                yield numbers


def _novedad_alone(line: str) -> Cancelled | None:
    """Return the novedad if the line is nothing else, in the census's own words."""
    is_known = _NOVEDAD.fullmatch(fold(line)) and kind_of(line) is not NovedadKind.OTHER
    return Cancelled(line) if is_known else None


def _unreadable(reason: str) -> Failure:
    return Failure(FailureKind.PARSE_ERROR, reason)
