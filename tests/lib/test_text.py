"""Text as received and as compared."""

from vereda.lib.text import fold, tidy


def test_tidying_composes_accents_and_closes_up_white_space() -> None:
    assert tidy("  Jose\u0301 \n  Pe\u0301rez\t") == "José Pérez"


def test_folding_ignores_accents_case_and_white_space() -> None:
    assert fold("  DIRECCIÓN  del\nPuesto") == fold("Direccion del puesto")


def test_folding_takes_every_apostrophe_for_the_same() -> None:
    assert fold("D’Angelo") == fold("d'angelo") == fold("D‘ANGELO")
