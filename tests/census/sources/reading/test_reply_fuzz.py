"""Two thousand mutated replies, each given to all readers: none raises, and no answer comes out of what holds none."""

import json
import re
from collections.abc import Callable
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.census.sources.reading.replies import BLOCK_PAGE, CEDULA, FOUND, NOT_FOUND, NOVEDAD, refusal, success
from vereda.census.sources.port import Answer, Cancelled, Failure, Found, NotFound
from vereda.census.sources.reading.html_reply import read_html_reply
from vereda.census.sources.reading.json_reply import read_json_reply
from vereda.census.sources.reading.parsing import read_ajax_reply
from vereda.lib.text import fold

type Reader = Callable[[str, str, int, str], Answer | Failure]

READERS: tuple[Reader, ...] = (read_ajax_reply, read_html_reply, read_json_reply)

patient = settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))


def page(inside: str) -> str:
    return f"<!DOCTYPE html><html><body><form><input name=n><button>CONSULTAR</button></form>{inside}</body></html>"


PLACE = {"nuip": int(CEDULA), "nom_depto": "NARIÑO", "nom_mun": "EL PEÑOL", "nom_puesto": "IE LA CEIBA", "mesa": 7}
FOUND_JSON = json.dumps({"ok": True, "encontrado": True, "data": PLACE, "mapa": {"lat": 1.0, "lng": 2.0}})
NOVEDAD_JSON = json.dumps({"ok": True, "encontrado": False, "novedad": True, "mensaje": "Cancelada por Muerte"})
ABSENT_JSON = json.dumps({"ok": True, "encontrado": False, "mensaje": NOT_FOUND}, ensure_ascii=False)
FLAGGED_JSON = json.dumps(
    {"ok": True, "encontrado": False, "novedad": False, "mensaje": "El documento no figura en el censo"}
)

WITH_A_VERDICT = (
    success(NOVEDAD), success(NOT_FOUND), refusal(NOT_FOUND), page(NOVEDAD), page(f"<p>{NOT_FOUND}</p>"), NOVEDAD,
    NOT_FOUND, NOVEDAD_JSON, ABSENT_JSON, FLAGGED_JSON,
)  # fmt: skip
WITHOUT_A_VERDICT = (
    success(FOUND), page(FOUND), page(f"<div id=success>{FOUND}</div>"), FOUND, FOUND_JSON, BLOCK_PAGE, page(""), "",
    page("<p>Si su documento no se encuentra en el censo, pregunte. Cancelada por Muerte.</p>"),
    page(f"<script>const NO = '{NOT_FOUND}'</script><!-- NOVEDAD: Cancelada por Muerte -->"),
    json.dumps({"ok": False, "error": f"{NOT_FOUND} NOVEDAD: Cancelada por Muerte"}, ensure_ascii=False),
    json.dumps({"ok": True, "encontrado": False, "mensaje": "Intente de nuevo", "descripcion": "Cancelada por Muerte"}),
    json.dumps({"ok": True, "encontrado": False, "novedad": False, "mensaje": "El servicio no se encuentra en línea"}),
    refusal("Marque el cuadro de verificación o captcha!"), '{"success":false,"reload":true}',
)  # fmt: skip
NOISE = (
    "<table>", "</table>", "<tr>", "<td>", "</td>", "<th>", "<td colspan='x'>", "PUESTO", "MESA", "</p>", "<html>",
    "</script>", "-->", "<!--", "\\u0000", '"', "'", "{", "}", "]", ",", ":", "\\ud800", "&#0;",
    "<svg>", "<template>", "<select>", "\0", "\ud800", "true", "false", "null", "1e999", '"ok":true,', "ok", "OK",
    CEDULA, "19000002", "0", "\n", "<script>", "<td data-th>", "&#xD800;",
)  # fmt: skip
VERDICTS = (
    "<div id='success'>",
    "<td data-th='NOVEDAD'>",
    "NOVEDAD",
    NOT_FOUND,
    "no se encuentra en el censo",
    '"novedad":true,',
    '"encontrado":false,',
)


@st.composite
def mutated(draw: st.DrawFn, seeds: tuple[str, ...], pieces: tuple[str, ...]) -> str:
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 60)))
        text = text[:start] + draw(st.sampled_from(pieces) | st.text(max_size=8)) + text[end:]
    return text


def states_an_absence(body: str) -> bool:
    """Say whether the words are there at all, however they are escaped and whatever stands between them."""
    with suppress(ValueError, RecursionError):
        said = json.dumps(json.loads(body.lstrip("\ufeff")), ensure_ascii=False)
        body = re.sub(r"\\(u[0-9a-f]{4}|[nrtbf])", "", said)
    as_seen = (body, re.sub(r"<[^>]*>", "", body))
    return any(re.search("no.*(encuentra|figura).*censo", re.sub("[^a-z]", "", fold(text))) for text in as_seen)


def states_a_novedad(body: str) -> bool:
    return "novedad" in fold(body) or "\\u" in body


@patient
@given(
    mutated(WITH_A_VERDICT + WITHOUT_A_VERDICT, NOISE + VERDICTS) | st.text(),
    st.text(max_size=20),
    st.sampled_from([200, 200, 302, 403, 404, 500]),
)
def test_no_mutated_reply_raises_or_gives_half_an_answer(body: str, content_type: str, http_status: int) -> None:
    for read in READERS:
        match read(body, content_type, http_status, CEDULA):
            case Found() as found:
                assert all((found.municipio, found.puesto, found.mesa))
            case Cancelled() as cancelled:
                assert cancelled.novedad
                assert states_a_novedad(body)
            case NotFound():
                assert states_an_absence(body)
            case Failure() as failure:
                assert len(failure.evidence) <= 20_000
                assert "\0" not in failure.evidence


@patient
@given(mutated(WITHOUT_A_VERDICT, NOISE), st.sampled_from([200, 200, 302, 403, 404, 500]))
def test_no_verdict_comes_out_of_a_reply_that_holds_none(body: str, http_status: int) -> None:
    for read in READERS:
        assert not isinstance(read(body, "text/html", http_status, CEDULA), Cancelled | NotFound)


KEYS = ("success", "data", "message", "reload", "ok", "encontrado", "novedad", "mensaje", "descripcion")
PAYLOADS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(PAYLOADS)
def test_no_json_raises_and_none_without_the_sites_html_is_an_answer_to_the_ajax_form(payload: object) -> None:
    outcomes = [read(json.dumps(payload), "application/json", 200, CEDULA) for read in READERS]
    assert isinstance(outcomes[0], Failure)
