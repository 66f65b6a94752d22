"""One rule for cédulas, everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vereda.lib import cedula as cedulas


@pytest.mark.parametrize(
    ("typed", "bare"),
    [
        ("900000001", "900000001"),
        ("900.000.001", "900000001"),
        ("900,000,001", "900000001"),
        ("900 000 001", "900000001"),
        ("900\u00a0000\u00a0001", "900000001"),
        ("C.C. 900.000.001", "900000001"),
        ("c.c.900000001", "900000001"),
        ("CC 900000001", "900000001"),
        ("  900000001\n", "900000001"),
        ("12345", "12345"),
        ("9000000012", "9000000012"),
    ],
)
def test_a_cedula_is_taken_in_every_usual_way_of_writing_it(typed: str, bare: str) -> None:
    assert cedulas.normalise(typed) == bare


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "abc",
        "1234",
        "90000000123",
        "0043000001",
        "٤٣٠٠٠٠٠١",
        "９０００００００１",
        "90000000¹",
        "9000\x00001",
        "-900000001",
        "9e8",
        "<b>900000001</b>",
        "C.C.",
        "CCC 900000001",
        "9" * 10_000,
    ],
)
def test_anything_else_is_refused_in_spanish_without_repeating_it(typed: str) -> None:
    with pytest.raises(cedulas.BadCedulaError, match="cédula") as refusal:
        cedulas.normalise(typed)
    assert not typed or typed not in str(refusal.value)


@given(st.text(max_size=60))
def test_whatever_is_typed_gives_a_bare_cedula_or_a_refusal(typed: str) -> None:
    try:
        bare = cedulas.normalise(typed)
    except cedulas.BadCedulaError:
        return
    assert bare.isascii()
    assert bare.isdigit()
    assert bare == cedulas.normalise(bare)


def test_a_masked_cedula_keeps_its_last_four_digits() -> None:
    assert cedulas.mask("900001234") == "••••1234"


def test_people_read_a_cedula_with_dots() -> None:
    assert cedulas.dotted("1020304050") == "1.020.304.050"
