import pytest

from vereda.census.sources.build import build_solver, build_source
from vereda.census.sources.captcha import NoSolver, TwoCaptcha
from vereda.census.sources.census import CensusSource
from vereda.census.sources.config import KNOWN_SOLVERS, KNOWN_SOURCES, SourceConfig


@pytest.mark.parametrize("name", ["practice", "registraduria"])
def test_a_census_site_is_opened_at_its_own_address_unless_told_otherwise(name: str) -> None:
    usual, elsewhere = build_source(SourceConfig(name)), build_source(SourceConfig(name, url="http://localhost:1/x"))
    assert isinstance(usual, CensusSource)
    assert isinstance(elsewhere, CensusSource)
    assert (usual.name, usual._url, elsewhere._url) == (name, KNOWN_SOURCES[name], "http://localhost:1/x")


def test_nobody_can_be_told_invented_answers_by_a_setting() -> None:
    with pytest.raises(ValueError, match="'fake'"):
        build_source(SourceConfig("fake"))


def test_an_unknown_source_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'otra'; known: practice, registraduria"):
        build_source(SourceConfig("otra"))


def test_an_unknown_solver_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'otro'; known: none, 2captcha"):
        build_source(SourceConfig("practice", captcha_solver="otro"))


def test_every_known_solver_can_be_built() -> None:
    built = [type(build_solver(SourceConfig("practice", captcha_solver=name))) for name in KNOWN_SOLVERS]
    assert built == [NoSolver, TwoCaptcha]


def test_the_key_is_not_in_the_configurations_representation() -> None:
    assert "secreto" not in repr(SourceConfig("practice", captcha_key="secreto"))
