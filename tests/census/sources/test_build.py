import pytest

from vereda.census.sources.asking.captcha import NoSolver, TwoCaptcha
from vereda.census.sources.asking.page import CensusSource
from vereda.census.sources.asking.verifik import VerifikSource
from vereda.census.sources.build import build_solver, build_sources
from vereda.census.sources.config import KNOWN_SOLVERS, KNOWN_SOURCES, SourceConfig, SourceKind


@pytest.mark.parametrize("name", KNOWN_SOURCES)
def test_a_source_is_asked_at_its_own_address_unless_told_otherwise(name: str) -> None:
    usual, elsewhere = build_sources([SourceConfig(name), SourceConfig(name, url="http://localhost:1/x")])
    assert isinstance(usual, CensusSource if KNOWN_SOURCES[name].kind is SourceKind.PAGE else VerifikSource)
    assert isinstance(elsewhere, type(usual))
    assert (usual.name, usual._url, elsewhere._url) == (name, KNOWN_SOURCES[name].url, "http://localhost:1/x")


def test_sources_keep_their_order_and_pages_are_opened_by_one_browser() -> None:
    names = ["consultacenso", "verifik", "registraduria"]
    built = build_sources([SourceConfig(name, token="t") for name in names])

    assert [source.name for source in built] == names
    assert {id(source._browser) for source in built if isinstance(source, CensusSource)} == {id(built[0]._browser)}


def test_without_any_source_it_is_said_what_to_set() -> None:
    with pytest.raises(ValueError, match="CENSUS_SOURCE"):
        build_sources([])


def test_nobody_can_be_told_invented_answers_by_a_setting() -> None:
    with pytest.raises(ValueError, match="'fake'"):
        build_sources([SourceConfig("fake")])


def test_an_unknown_source_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'otra'; known: practice, registraduria, consultacenso, verifik"):
        build_sources([SourceConfig("otra")])


def test_an_unknown_solver_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'otro'; known: none, 2captcha"):
        build_sources([SourceConfig("practice", captcha_solver="otro")])


def test_every_known_solver_can_be_built() -> None:
    built = [type(build_solver(SourceConfig("practice", captcha_solver=name))) for name in KNOWN_SOLVERS]
    assert built == [NoSolver, TwoCaptcha]


def test_the_key_is_not_in_the_configurations_representation() -> None:
    assert "secreto" not in repr(SourceConfig("practice", captcha_key="secreto", token="secreto"))
