"""Kept replies, read again: what a fixed parser makes of them, and what must never become an answer."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.census.sources.reading.replies import BLOCK_PAGE, CEDULA, FOUND, NOT_FOUND, NOVEDAD, refusal, success
from vereda.census.sources.asking.dialects import DIALECTS
from vereda.census.sources.asking.dialects.ajax import AjaxDialect
from vereda.census.sources.port import Answer, Cancelled, Failure, FailureKind, Found, NotFound
from vereda.census.sources.reading.evidence import LIMIT, without_cedula
from vereda.census.sources.reading.readers import Reply
from vereda.census.sources.reading.replaying import read_again, with_reply

UNREADABLE = Failure(FailureKind.PARSE_ERROR, "the result says nothing known")
READER = "ajax 200 application/json"


@dataclass
class Recording(AjaxDialect):
    """A dialect whose reading a test decides; it remembers what it was given."""

    answer: Answer | Failure
    name: str = "ajax"
    given: list[Reply] = field(default_factory=list)

    def read(self, reply: Reply, cedula: str) -> Answer | Failure:
        self.given.append(reply)
        return self.answer


def stored(body: str) -> str:
    """Return what stands on a record of a reply about `CEDULA`."""
    reply = Reply(body, "application/json; charset=utf-8", 200)
    return without_cedula(with_reply(UNREADABLE, AjaxDialect(), reply).evidence, CEDULA)


def test_a_failure_keeps_its_whole_reply_and_who_can_read_it() -> None:
    reply = Reply("<p>algo nuevo</p>", "text/html; charset=utf-8", 503)
    failure = with_reply(Failure(FailureKind.PARSE_ERROR, "why", "a part"), AjaxDialect(), reply)

    assert (failure.evidence, failure.reader) == ("<p>algo nuevo</p>", "ajax 503 text/html")


@pytest.mark.parametrize("content_type", ["", "   ", "x" * 500, "ñ/é", "a b c"])
def test_an_unknown_content_type_makes_no_unknown_reader(content_type: str) -> None:
    reader = with_reply(UNREADABLE, AjaxDialect(), Reply(success(FOUND), content_type, 200)).reader

    assert len(reader) <= 120
    assert isinstance(read_again(success(FOUND), reader, CEDULA), Found)


@pytest.mark.parametrize(("message", "kind"), [(FOUND, Found), (NOVEDAD, Cancelled), (NOT_FOUND, NotFound)])
def test_a_reply_that_can_be_read_today_is_an_answer(message: str, kind: type[Answer]) -> None:
    assert CEDULA not in stored(success(message))
    assert isinstance(read_again(stored(success(message)), READER, CEDULA), kind)


@pytest.mark.parametrize(
    "body", ["", "{}", "null", BLOCK_PAGE, refusal("Curl error: timeout"), success("<p>Bienvenido</p>"), success("")]
)
def test_what_is_still_no_answer_is_none(body: str) -> None:
    assert read_again(stored(body), READER, CEDULA) is None


@pytest.mark.parametrize("message", [FOUND, NOVEDAD, NOT_FOUND])
def test_a_reply_about_somebody_else_is_nobodys_answer(message: str) -> None:
    evidence = stored(success(message.replace(CEDULA, "19999999")))

    assert "19999999" in evidence
    assert read_again(evidence, READER, CEDULA) is None


def test_a_part_of_a_reply_is_not_taken_for_the_whole() -> None:
    evidence = stored(success(FOUND) + " " * LIMIT)

    assert read_again(evidence, READER, CEDULA, [Recording(NotFound())]) is None


@pytest.mark.parametrize("reader", ["", "ajax", "ajax 200", "gone 200 text/html", "ajax x text/html", "ajax 200 a b"])
def test_what_nobody_can_read_is_none(reader: str) -> None:
    assert read_again(stored(success(FOUND)), reader, CEDULA) is None


@pytest.mark.parametrize(
    "answer", [Found("PASTO", "IE [token]", "4"), Cancelled("[nonce]"), Found("PASTO", "IE", "4", direccion="[cookie]")]
)
def test_a_text_that_the_site_did_not_write_is_no_answer(answer: Answer) -> None:
    assert read_again("x", READER, CEDULA, [Recording(answer)]) is None


def test_the_dialect_gets_the_reply_as_it_was() -> None:
    recording = Recording(NotFound())
    read_again("número [cedula]", "ajax 203 text/plain", CEDULA, [recording])

    assert recording.given == [Reply(f"número {CEDULA}", "text/plain", 203)]


def test_every_dialect_can_be_named_in_a_reader() -> None:
    for dialect in DIALECTS:
        reader = with_reply(UNREADABLE, dialect, Reply("x", "text/html", 200)).reader
        assert read_again("x", reader, CEDULA, [Recording(NotFound(), dialect.name)]) == NotFound()


@given(st.text(), st.text() | st.just(READER), st.from_regex(r"[1-9][0-9]{4,9}", fullmatch=True))
def test_whatever_stands_on_a_record_is_read_without_an_error_and_is_no_answer(
    evidence: str, reader: str, cedula: str
) -> None:
    assert read_again(evidence, reader, cedula) is None


@given(st.integers(0, len(success(FOUND))), st.text(max_size=20))
def test_a_mutated_reply_gives_a_whole_place_or_nothing(at: int, inserted: str) -> None:
    body = success(FOUND)
    answer = read_again(stored(body[:at] + inserted + body[at:]), READER, CEDULA)

    assert answer is None or (isinstance(answer, Found) and answer.municipio and answer.puesto and answer.mesa)
