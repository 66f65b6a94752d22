"""Two thousand mutated pastes: none raises, and no answer comes out of a text that holds none."""

import json
import re
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.census.sources.reading import replies
from tests.census.sources.reading.copied import COPIED
from vereda.census.sources.port import Cancelled, Failure, Found, NotFound
from vereda.census.sources.reading.pasted import read_pasted
from vereda.lib.text import fold

CEDULA = "900000001"
PASTES = [re.sub("9000000[0-9]{2}", CEDULA, text) for text in COPIED.values()]
SEEDS = [
    *PASTES,
    *(text.replace("\t", "\n") for text in PASTES),
    *(read(text).replace(replies.CEDULA, CEDULA) for read in (str, replies.success)
      for text in (replies.FOUND, replies.NOVEDAD, replies.NOT_FOUND)),
]  # fmt: skip
WITHOUT_A_VERDICT = [
    text for text in SEEDS if not re.search("novedad|cancelada por|([0-9]{9} no se encuentra|no figura)", fold(text))
]
NOISE = (
    "\t", "\n", "\t\t", "\r\n", "   ", ":", "NUIP", "PUESTO", "MESA", "MUNICIPIO", "nom_puesto", "Puesto\n", "mesa\t",
    CEDULA, "900.000.001", "900000002", "7", "0", "<", ">", "{", "}", '"', "</td>", "<td>", "\0", "\ud800", "\u2028",
    "¿", "si ", "cuando", ".", "Señor Ciudadano:", "El documento", "en el censo", "\n\n",
)  # fmt: skip
VERDICTS = (
    "NOVEDAD",
    "\tNOVEDAD\t",
    "Cancelada por Muerte",
    "no se encuentra",
    "no se encuentra en el censo",
    "RESOLUCIÓN",
)

patient = settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def mutated(draw: st.DrawFn, seeds: list[str], pieces: tuple[str, ...], most_lost: int = 60) -> str:
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + most_lost)))
        text = text[:start] + draw(st.sampled_from(pieces) | st.text(max_size=8)) + text[end:]
    return text


def as_seen(text: str) -> str:
    """Return the letters of a text alone, whatever they were escaped as and whatever stands between them."""
    with suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), ensure_ascii=False)
    return re.sub("[^a-z]", "", fold(re.sub(r"<[^>]*>", "", text)))


def states_an_absence(text: str) -> bool:
    return re.search("no(seencuentra|figura|aparece|esta|existe|haceparte).*censo", as_seen(text)) is not None


def states_a_novedad(text: str) -> bool:
    return re.search("novedad|(cancelada|baja)por|vigentecon|pendiente", fold(text).replace(" ", "")) is not None


@patient
@given(mutated(SEEDS, NOISE + VERDICTS) | st.text())
def test_no_mutated_paste_raises_or_gives_half_an_answer(text: str) -> None:
    match read_pasted(text, CEDULA).outcome:
        case Found() as found:
            assert all((found.municipio, found.puesto, found.mesa))
        case Cancelled() as cancelled:
            assert cancelled.novedad
            assert states_a_novedad(text)
        case NotFound():
            assert states_an_absence(text)
        case Failure() as failure:
            assert failure.evidence == ""


@patient
@given(mutated(WITHOUT_A_VERDICT, NOISE, most_lost=0))
def test_no_verdict_comes_out_of_a_paste_that_holds_none(text: str) -> None:
    assert not isinstance(read_pasted(text, CEDULA).outcome, Cancelled | NotFound)


@patient
@given(mutated(PASTES, NOISE))
def test_what_names_one_person_is_an_answer_about_nobody_else(text: str) -> None:
    is_theirs = read_pasted(text, CEDULA).names_cedula and not text.lstrip().startswith(("<", "{"))

    assert not is_theirs or isinstance(read_pasted(text, "900123456").outcome, Failure)
