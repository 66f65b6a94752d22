"""Replies that nobody has thought of: the parser never raises, and never makes an answer out of nothing."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.census.sources.replies import BLOCK_PAGE, CEDULA, FOUND, NOT_FOUND, NOVEDAD, refusal, success
from vereda.census.sources.parsing import read_ajax_reply, read_result_html, read_strange_page
from vereda.census.sources.port import Cancelled, Failure, Found, NotFound
from vereda.lib.text import fold

SEEDS = (FOUND, NOVEDAD, NOT_FOUND, BLOCK_PAGE, success(FOUND), success(NOVEDAD), refusal(NOT_FOUND), "")
PIECES = (
    "<table>", "</table>", "<tr>", "<td>", "</td>", "<th>", "<td colspan='x'>", "<td data-th='NOVEDAD'>", "PUESTO",
    "<script>", "<!--", "</p>", "<div id='success'>", "\\u0000", '"', "{", "]", "\\ud800", "&#0;", "&#xD800;", "<svg>",
    "<template>", "<select>", "<html>", "no se encuentra en el censo", "NOVEDAD", "\0", "\ud800", "<td data-th>",
)  # fmt: skip


@st.composite
def bent(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 60)))
        text = text[:start] + draw(st.sampled_from(PIECES) | st.text(max_size=8)) + text[end:]
    return text


@given(bent() | st.text(), st.text(max_size=20), st.integers(100, 599))
def test_no_reply_raises_and_a_voting_place_is_always_whole(body: str, content_type: str, status: int) -> None:
    outcome = read_ajax_reply(body, content_type, status, CEDULA)
    if isinstance(outcome, Found):
        assert all((outcome.municipio, outcome.puesto, outcome.mesa))
    if isinstance(outcome, Cancelled):
        assert outcome.novedad


@given(bent() | st.text())
def test_no_result_raises_and_verdicts_need_their_words(html: str) -> None:
    outcome = read_result_html(html, CEDULA)
    match outcome:
        case Found():
            assert {"puesto", "mesa"} <= set(fold(html.replace("'", " ").replace(">", " ").replace("<", " ")).split())
        case Cancelled():
            assert "novedad" in fold(html)
        case NotFound():
            assert "no se encuentra en el censo" in fold(html.replace("<", " <").replace(">", "> ")) or "&" in html
        case Failure():
            assert "\0" not in outcome.evidence


@given(bent() | st.text(), st.integers(100, 599))
def test_no_page_raises(html: str, status: int) -> None:
    read_strange_page(html, status)


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
