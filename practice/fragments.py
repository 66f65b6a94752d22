"""The HTML of an answer, as the real site's server writes it. The AJAX face and the HTML face share it.

It is byte for byte as captured, with its oddities: single quotes, a `</p>` without `<p>`, the mesa in bold.
"""

from collections.abc import Sequence
from html import escape

from practice.people import Place, novedad_of

FOUND_HEADERS = ("NUIP", "DEPARTAMENTO", "MUNICIPIO", "PUESTO", "DIRECCIÓN", "MESA")
NOVEDAD_HEADERS = ("NUIP", "NOVEDAD", "RESOLUCIÓN", "FECHA NOVEDAD")

FOOTER = (
    "<h3><b>Señor Ciudadano:</b></h3><h4 style='font-weight: 400 !important;'>Si usted realizó su trámite de"
    " inscripción, recuerde que éste se verá reflejado una vez sea validado y se conforme el censo electoral"
    " definitivo para las elecciones de Congreso, presidente y vicepresidente de la República 2026.</h4>"
)


def found(cedula: str, place: Place, *, is_lower: bool = False) -> str:
    """Return the answer for somebody who has a voting place."""
    headers = [header.lower() if is_lower else header for header in FOUND_HEADERS]
    texts = (cedula, place.departamento, place.municipio, place.puesto, place.direccion)
    cells = "".join(_cell(header, text) for header, text in zip(headers, texts, strict=False))
    mesa = f"<td data-th='{headers[-1]}' class='text-center'><b>{_text(place.mesa)}</b></td>"
    return _table(headers, f"<tr>{cells}{mesa}</tr>") + FOOTER


def novedad(cedula: str, words: str, *, colspan_row: bool = False) -> str:
    """Return the answer for somebody who has a novedad. `colspan_row` puts a row above it that spans the table."""
    texts = (cedula, words, *novedad_of(cedula))
    cells = "".join(_cell(header, text) for header, text in zip(NOVEDAD_HEADERS, texts, strict=True))
    above = "<tr><td colspan='4'>El documento presenta la siguiente novedad:</td></tr>" if colspan_row else ""
    return _table(NOVEDAD_HEADERS, f"{above}<tr>{cells}</tr>")


def not_found(cedula: str, *, censo: str = "censo") -> str:
    """Return the sentence for somebody who is not in the census; `censo` is the site's word for it."""
    return f"El documento de identidad número {_text(cedula)} no se encuentra en el {censo} para esta elección."


def not_found_div(cedula: str) -> str:
    """Return the not-found sentence in place of the table: `#consulta` is then a DIV."""
    return f"<div class='table-responsive'><div id='consulta'>{not_found(cedula)}</div></div>"


def alert(text: str) -> str:
    """Return an error as the HTML face shows it, which has no script to do so."""
    return f'<div class="alert alert-danger" role="alert">{_text(text)}</div>'


def unreadable() -> str:
    """Return an answer in a format that no client knows."""
    return (
        "<section class='resultado-ciudadano'><dl><dt>Sitio de votación asignado</dt><dd>Consulte su citación</dd>"
        "<dt>Estado del trámite</dt><dd>R-17</dd></dl></section>"
    )


def _table(headers: Sequence[str], rows: str) -> str:
    head = "".join(f"<th class='text-center'>{header}</th>" for header in headers)
    return (
        "<div class='table-responsive'>"
        "<table id='consulta' class='display responsive table table-bordered table-striped'>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></p></div>"
    )


def _cell(header: str, text: str) -> str:
    return f"<td data-th='{header}'>{_text(text)}</td>"


def _text(text: str) -> str:
    return escape(text, quote=False)
