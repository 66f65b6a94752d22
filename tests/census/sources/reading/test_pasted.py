"""What people paste: results and whole pages as copied from every face, by tables, lines or pairs; and nothing else."""

import json
import time

import pytest

from practice.site import Face
from tests.census.sources.reading import replies
from tests.census.sources.reading.copied import ANSWERED, COPIED, NAMES_NOBODY, PARTS, answer_of, cedula_of, key
from vereda.census.sources.port import Answer, Cancelled, Failure, FailureKind, Found, NotFound
from vereda.census.sources.reading.parsing import ABOUT_ANOTHER, PLACE_INCOMPLETE
from vereda.census.sources.reading.pasted import LONGEST, NOTHING_KNOWN, TOO_LONG, TWO_ANSWERS, Pasted, read_pasted

CEDULA = "900000001"
OTHER = "900000002"
PLACE = Found("EL PEÑOL", "IE LA ESPERANZA", "7", "NARIÑO", "CL 3 No. 4-15")
HEADERS = ("NUIP", "DEPARTAMENTO", "MUNICIPIO", "PUESTO", "DIRECCIÓN", "MESA")
VALUES = (CEDULA, "NARIÑO", "EL PEÑOL", "IE LA ESPERANZA", "CL 3 No. 4-15", "7")
NOVEDAD_HEADERS = ("NUIP", "NOVEDAD", "RESOLUCIÓN", "FECHA NOVEDAD")
NOVEDAD_VALUES = (CEDULA, "Cancelada por Muerte", "123", "01/02/2003")
ABSENT = f"El documento de identidad número {CEDULA} no se encuentra en el censo para esta elección."
COPIES = [
    pytest.param(face, part, name, id=key(face, part, name)) for face in Face for part in PARTS for name in ANSWERED
]


def lines(*cells: str) -> str:
    return "\n".join(cells)


def table(headers: tuple[str, ...] = HEADERS, values: tuple[str, ...] = VALUES, between: str = "\t") -> str:
    return lines(between.join(headers), between.join(values))


def reason(text: str, cedula: str = CEDULA) -> str:
    """Return why nothing is understood."""
    outcome = read_pasted(text, cedula).outcome
    assert isinstance(outcome, Failure), outcome
    return outcome.reason


@pytest.mark.parametrize(("face", "part", "name"), COPIES)
def test_what_is_copied_from_a_census_page_is_understood(face: Face, part: str, name: str) -> None:
    read = read_pasted(COPIED[key(face, part, name)], cedula_of(name))

    assert read.outcome == answer_of(face, name)
    assert read.names_cedula is (key(face, part, name) not in NAMES_NOBODY)


@pytest.mark.parametrize(("face", "part", "name"), COPIES)
def test_what_is_copied_is_understood_with_each_cell_on_a_line_of_its_own(face: Face, part: str, name: str) -> None:
    text = COPIED[key(face, part, name)].replace("\t", "\n")

    assert read_pasted(text, cedula_of(name)).outcome == answer_of(face, name)


@pytest.mark.parametrize("name", sorted(set(COPIED) - NAMES_NOBODY))
def test_what_is_copied_is_never_an_answer_about_somebody_else(name: str) -> None:
    outcome = read_pasted(COPIED[name], OTHER).outcome

    assert isinstance(outcome, Failure)


@pytest.mark.parametrize("face", Face)
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("ending", ["\r\n", "\n\n", "\n \t\n", "\u2028"])
def test_how_lines_end_does_not_matter(face: Face, part: str, ending: str) -> None:
    text = COPIED[key(face, part, "found")].replace("\n", ending)

    assert read_pasted(text, CEDULA).outcome == answer_of(face, "found")


@pytest.mark.parametrize("face", Face)
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("between", ["\t", "\n"])
def test_a_place_without_its_puesto_is_none(face: Face, part: str, between: str) -> None:
    text = COPIED[key(face, part, "found without puesto")].replace("\t", between)

    assert reason(text, cedula_of("found without puesto")) in {PLACE_INCOMPLETE, NOTHING_KNOWN}


@pytest.mark.parametrize("face", Face)
@pytest.mark.parametrize("part", PARTS)
def test_a_page_that_says_that_it_is_out_of_order_is_no_answer(face: Face, part: str) -> None:
    text = COPIED[key(face, part, "maintenance")]
    outcome = read_pasted(text, cedula_of("maintenance")).outcome

    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.NETWORK_ERROR


@pytest.mark.parametrize(
    "text",
    [
        table(between="    "),
        table((*HEADERS, ""), (*VALUES, "")),
        table(("", *HEADERS), ("", *VALUES)),
        table(tuple(f" {header} " for header in HEADERS), tuple(f" {value} " for value in VALUES)),
        table((*HEADERS, "ZONA"), (*VALUES, "01")),
        table(HEADERS[::-1], VALUES[::-1]),
        lines(table(), table()),
        lines(table(), "Señor Ciudadano:", "\t".join("abcdef")),
    ],
)
def test_a_table_is_read_by_its_headers(text: str) -> None:
    assert read_pasted(text, CEDULA) == Pasted(PLACE, names_cedula=True)


@pytest.mark.parametrize(
    "text",
    [
        lines(*(f"{label}: {value}" for label, value in zip(HEADERS, VALUES, strict=True))),
        lines(*(f"{label}:\t{value}" for label, value in zip(HEADERS, VALUES, strict=True))),
        lines(*(f"{label}:\n{value}" for label, value in zip(HEADERS, VALUES, strict=True))),
        lines(
            *("Documento de identidad", "C.C. 900.000.001", "Puesto de votación", "IE LA ESPERANZA", "Mesa", "7"),
            *("Zona", "02", "Departamento", "NARIÑO", "Municipio", "EL PEÑOL", "Dirección", "CL 3 No. 4-15"),
        ),
        lines(
            *("Número de documento", CEDULA, "Elección", "Departamento: NARIÑO", "Municipio: EL PEÑOL"),
            *(
                "Puesto: IE LA ESPERANZA",
                "Dirección Puesto: CL 3 No. 4-15",
                "Fecha de inscripción: 1/1/2010",
                "Mesa: 7",
            ),
        ),
    ],
)
def test_labels_with_their_values_are_read(text: str) -> None:
    assert read_pasted(text, CEDULA) == Pasted(PLACE, names_cedula=True)


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        (replies.FOUND, PLACE),
        (replies.NOVEDAD, Cancelled("Cancelada por Muerte", "123", "01/02/2003")),
        (replies.NOT_FOUND, NotFound()),
    ],
)
def test_raw_replies_are_read_as_replies(message: str, outcome: Answer) -> None:
    for text in (replies.success(message), f"<div id='success'>{message}</div>"):
        assert read_pasted(text, replies.CEDULA) == Pasted(outcome, names_cedula=True)
        assert reason(text, OTHER) == ABOUT_ANOTHER


def test_a_raw_reply_of_the_json_page_is_read_whether_or_not_it_names_the_number() -> None:
    place = {"nom_mun": "PASTO", "nom_puesto": "IE EL SAUCE", "mesa": 4}
    named = json.dumps({"ok": True, "encontrado": True, "data": {"nuip": int(CEDULA), **place}})
    nameless = json.dumps({"ok": True, "encontrado": True, "data": place}, indent=2)

    assert read_pasted(named, CEDULA) == Pasted(Found("PASTO", "IE EL SAUCE", "4"), names_cedula=True)
    assert read_pasted(nameless, CEDULA) == Pasted(Found("PASTO", "IE EL SAUCE", "4"), names_cedula=False)
    assert reason(named, OTHER) == ABOUT_ANOTHER


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (table(values=(OTHER, *VALUES[1:])), ABOUT_ANOTHER),
        (lines(f"Número de documento\n{OTHER}", table()), ABOUT_ANOTHER),
        (lines(table(), table(values=(OTHER, *VALUES[1:]))), ABOUT_ANOTHER),
        (lines(table(), ABSENT.replace(CEDULA, "900.000.002")), ABOUT_ANOTHER),
        (lines("NUIP", OTHER, "Cancelada por Muerte"), ABOUT_ANOTHER),
        (lines(table(), ABSENT), TWO_ANSWERS),
        (lines("Cancelada por Muerte", ABSENT), TWO_ANSWERS),
        (lines("Cancelada por Muerte", "Cancelada por Doble Cedulación"), TWO_ANSWERS),
        (lines(table(), table(values=(*VALUES[:5], "8"))), "more than one voting place"),
        (table(HEADERS[:2] + HEADERS[3:], VALUES[:2] + VALUES[3:]), PLACE_INCOMPLETE),
        ("x" * (LONGEST + 1), TOO_LONG),
        (table() + "\n" + "x" * LONGEST, TOO_LONG),
        ("", NOTHING_KNOWN),
        (" \n\t\n", NOTHING_KNOWN),
        (CEDULA, NOTHING_KNOWN),
        ("{", NOTHING_KNOWN),
        ("<no", "the site answered a page without a known result (HTTP 200)"),
        ('{"ok": true}', "the reply says nothing known"),
        (table().partition("\n")[0], NOTHING_KNOWN),
        (table().partition("\n")[2], NOTHING_KNOWN),
        (lines(table().partition("\n")[0], table().partition("\n")[0]), NOTHING_KNOWN),
        (table(between=" "), NOTHING_KNOWN),
        (table(values=VALUES[:5]), NOTHING_KNOWN),
        (lines(*HEADERS, *VALUES[:3], *VALUES[4:], "Señor Ciudadano:", "Si usted se inscribió"), NOTHING_KNOWN),
        (lines(*HEADERS, *VALUES[:4], *VALUES[5:], "Señor Ciudadano:"), NOTHING_KNOWN),
        (lines(*HEADERS, *VALUES[1:], "2026"), NOTHING_KNOWN),
        (lines(*NOVEDAD_HEADERS, CEDULA, *NOVEDAD_VALUES[2:], "2026"), NOTHING_KNOWN),
        (lines("Mesa: 7", "Municipio: EL PEÑOL", "Puesto", "Dirección", "CL 3"), NOTHING_KNOWN),
        (
            lines("Mesa: 7", "Municipio: X", "Puesto: Y", "Mesa: 8", "Municipio: X", "Puesto: Y"),
            "more than one voting place",
        ),
        (lines("Municipio: EL PEÑOL", "Puesto: IE LA ESPERANZA", "Ayuda", "Mesa: 7"), NOTHING_KNOWN),
        ("Novedad: cambió el horario de atención", NOTHING_KNOWN),
        (table(("FECHA", "NOVEDAD", "VÍA"), ("hoy", "Cierre total", "CL 80")), NOTHING_KNOWN),
        ("Noticia: la cédula fue Cancelada por Muerte del titular, según el censo", NOTHING_KNOWN),
        (lines("Cancelada por Muerte", "Cancelada por Doble Cedulación", "Ayuda", "Contacto"), NOTHING_KNOWN),
        ("Cancelada por falta de pago", NOTHING_KNOWN),
        ("Pendiente por pagar", NOTHING_KNOWN),
        ("Si el documento no se encuentra en el censo, pregunte.", NOTHING_KNOWN),
        ("¿Su documento no se encuentra en el censo?", NOTHING_KNOWN),
        ("El documento no se encuentra en el censo cuando no se ha inscrito.", NOTHING_KNOWN),
        (lines("El documento consultado no se encuentra en el censo.", "Ayuda", "Contacto"), NOTHING_KNOWN),
        (ABSENT.replace("no se encuentra", "se encuentra"), NOTHING_KNOWN),
        (ABSENT.replace("El documento", "Si el documento"), NOTHING_KNOWN),
    ],
)
def test_whatever_is_no_result_of_this_person_is_refused_with_its_reason(text: str, why: str) -> None:
    assert reason(text) == why


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Request Rejected\nThe requested URL was rejected. Your support ID is: 123", FailureKind.BLOCKED),
        ("Marque el cuadro de verificación (Captcha: No soy un robot)", FailureKind.CAPTCHA_FAILED),
        ("Su sesión ha expirado.", FailureKind.NETWORK_ERROR),
        ("Ocurrió un error al procesar su solicitud", FailureKind.NETWORK_ERROR),
    ],
)
def test_a_pages_complaint_is_told_apart_from_a_result(text: str, kind: FailureKind) -> None:
    outcome = read_pasted(text, CEDULA).outcome

    assert isinstance(outcome, Failure)
    assert outcome.kind is kind


@pytest.mark.parametrize(
    "text", [table(values=(OTHER, *VALUES[1:])), replies.success(replies.FOUND), "<html>900000001"]
)
def test_nothing_of_what_could_not_be_used_is_kept(text: str) -> None:
    outcome = read_pasted(text, CEDULA).outcome

    assert isinstance(outcome, Failure)
    assert outcome.evidence == ""


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (ABSENT, NotFound()),
        (lines("Contacto", ABSENT, "Ayuda", "Mapa del sitio", "Términos"), NotFound()),
        (f"Señor ciudadano. {ABSENT}", NotFound()),
        (ABSENT.replace("número", "No."), NotFound()),
        (ABSENT.replace(CEDULA, "900.000.001"), NotFound()),
        (table(NOVEDAD_HEADERS, NOVEDAD_VALUES), Cancelled("Cancelada por Muerte", "123", "01/02/2003")),
        (table(NOVEDAD_HEADERS, (CEDULA, ABSENT, "", "")), NotFound()),
        (
            lines(f"NUIP: {CEDULA}", "Resolución: 12", "Novedad:", "Cancelada por Muerte"),
            Cancelled("Cancelada por Muerte", "12"),
        ),
    ],
)
def test_a_result_that_names_the_number_may_stand_anywhere(text: str, outcome: Answer) -> None:
    assert read_pasted(text, CEDULA) == Pasted(outcome, names_cedula=True)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("El documento consultado no se encuentra en el censo para esta elección.", NotFound()),
        ("Vigente con Pérdida o Suspensión de los Derechos Políticos",) * 2,
        ("Pendiente por Solicitud en proceso",) * 2,
        (table(HEADERS[1:], VALUES[1:]), PLACE),
        (table(values=("•••• 0001", *VALUES[1:])), PLACE),
    ],
)
def test_a_result_without_the_number_is_marked_so_that_somebody_checks(text: str, outcome: Answer | str) -> None:
    expected = Cancelled(outcome) if isinstance(outcome, str) else outcome

    assert read_pasted(text, CEDULA) == Pasted(expected, names_cedula=False)


@pytest.mark.parametrize(
    "piece", ["nuip\n", "nuip\nmesa\npuesto\n", "nuip\tpuesto\tmesa\n", "mesa: 7\n", "<table>", '{"a":']
)
def test_no_paste_keeps_the_reader_busy(piece: str) -> None:
    begun = time.perf_counter()
    read_pasted((piece * LONGEST)[:LONGEST], CEDULA)

    assert time.perf_counter() - begun < 2
