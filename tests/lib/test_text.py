"""Text as received and as compared."""

from vereda.lib.text import fold, tidy


def test_tidying_composes_accents_and_closes_up_white_space() -> None:
    assert tidy("  Jose\u0301 \n  Pe\u0301rez\t") == "José Pérez"


def test_folding_ignores_accents_case_and_white_space() -> None:
    assert fold("  DIRECCIÓN  del\nPuesto") == fold("Direccion del puesto")
