"""Replies that nobody has thought of: the parser never raises, and never makes an answer out of nothing."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.census.sources.reading.replies import BLOCK_PAGE, CEDULA, FOUND, NOT_FOUND, NOVEDAD, refusal, success
from vereda.census.sources.port import Cancelled, Failure, Found
from vereda.census.sources.reading.parsing import read_ajax_reply, read_result_html, read_unknown_page

# A busy machine is no reason to fail.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SEEDS = (FOUND, NOVEDAD, NOT_FOUND, BLOCK_PAGE, success(FOUND), success(NOVEDAD), refusal(NOT_FOUND), "")
PIECES = (
    "<table>", "</table>", "<tr>", "<td>", "</td>", "<th>", "<td colspan='x'>", "<td data-th='NOVEDAD'>", "PUESTO",
    "<script>", "<!--", "</p>", "<div id='success'>", "\\u0000", '"', "{", "]", "\\ud800", "&#0;", "&#xD800;", "<svg>",
    "<template>", "<select>", "<html>", "no se encuentra en el censo", "NOVEDAD", "\0", "\ud800", "<td data-th>",
)  # fmt: skip

WITHOUT_A_VERDICT = (
    FOUND.replace("MESA", "ZONA"),
    FOUND.replace("PUESTO", "LUGAR"),
    NOVEDAD.replace("NOVEDAD", "ESTADO"),
    NOT_FOUND.replace("no se encuentra", "se encuentra"),
    f"<!-- {NOT_FOUND} {NOVEDAD} -->",
    "<script>" + NOT_FOUND + "</script>",
    "<p>Si su documento no se encuentra en el censo electoral, pregunte.</p>",
    "<h3>NOVEDAD: Cancelada por Muerte</h3>",
    "<table><tr><td>PUESTO</td><td>MESA</td><td>MUNICIPIO</td></tr></table>",
    "<template><table id='consulta'>",
    "</td></tr></table></p></div>",
    BLOCK_PAGE,
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 60)))
        text = text[:start] + draw(st.sampled_from(PIECES) | st.text(max_size=8)) + text[end:]
    return text


@patient
@given(mutated() | st.text(), st.text(max_size=20), st.integers(100, 599))
def test_no_reply_raises_and_a_voting_place_is_always_whole(body: str, content_type: str, status: int) -> None:
    outcome = read_ajax_reply(body, content_type, status, CEDULA)
    if isinstance(outcome, Found):
        assert all((outcome.municipio, outcome.puesto, outcome.mesa))
    if isinstance(outcome, Cancelled):
        assert outcome.novedad


@patient
@given(mutated() | st.text())
def test_no_result_raises(html: str) -> None:
    outcome = read_result_html(html, CEDULA)
    if isinstance(outcome, Failure):
        assert "\0" not in outcome.evidence


@patient
@given(st.lists(st.sampled_from(WITHOUT_A_VERDICT) | st.text(max_size=8)))
def test_no_verdict_comes_out_of_a_page_that_has_none(pieces: list[str]) -> None:
    assert isinstance(read_result_html("".join(pieces), CEDULA), Failure)


@patient
@given(mutated() | st.text(), st.integers(100, 599))
def test_no_page_raises(html: str, status: int) -> None:
    read_unknown_page(html, status)


@patient
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["success", "data", "message", "reload"]), inner)
        ),
    )
)
def test_no_json_raises_or_becomes_an_answer(payload: object) -> None:
    assert isinstance(read_ajax_reply(json.dumps(payload), "application/json", 200), Failure)
