"""What is written down is checked against what is there."""

import re
from pathlib import Path

from django.conf import settings

from vereda.census.models import LONGEST_TEXT, LookupAttempt
from vereda.census.sources import parsing
from vereda.census.sources.port import FailureKind
from vereda.census.statuses import Status

ROOT = Path(settings.BASE_DIR)


def read(path: str) -> str:
    return (ROOT / path).read_text()


def settings_read() -> set[str]:
    """Return the names of the variables that the settings read."""
    return set(re.findall(r'(?:given\([\w.]+, |env\.str\()"([A-Z0-9_]+)"', read("vereda/settings.py")))


def test_operations_documents_every_setting() -> None:
    assert set(re.findall(r"^\| `([A-Z0-9_]+)`", read("docs/operations.md"), re.MULTILINE)) == settings_read()


def test_the_example_environment_documents_every_setting() -> None:
    assert set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", read(".env.example"), re.MULTILINE)) == settings_read()


def test_the_glossary_knows_every_status_and_outcome() -> None:
    glossary = read("docs/glossary.md")

    for word in [*Status, *FailureKind, *LookupAttempt.Outcome]:
        assert str(word) in glossary


def test_every_file_that_a_document_names_exists() -> None:
    for document in ["README.md", "CONTRIBUTING.md", "docs/architecture.md"]:
        for path in re.findall(r"`((?:vereda|practice|tests|docs|bench)/[\w./]+)`", read(document)):
            assert (ROOT / path).exists(), f"{document} names {path}"


def test_nothing_sets_the_flag_that_hides_orm_calls_on_an_event_loop() -> None:
    code = [*ROOT.glob("vereda/**/*.py"), *ROOT.glob("practice/**/*.py"), *ROOT.glob("scripts/*"), ROOT / "run"]

    assert not [path for path in code if path.is_file() and "DJANGO_ALLOW_ASYNC_UNSAFE" in path.read_text()]


def test_what_the_parser_takes_for_a_text_fits_into_the_record() -> None:
    assert parsing.LONGEST_CELL == LONGEST_TEXT
