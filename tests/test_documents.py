"""What is written down is checked against what is there."""

import re
from pathlib import Path

from django.conf import settings

from vereda.census.models import LookupAttempt
from vereda.census.models.record import LONGEST_TEXT
from vereda.census.sources.port import FailureKind
from vereda.census.sources.reading import parsing
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


# fmt: off
ASVS = {
    "1.2": 5, "1.3": 2, "1.5": 1, "2.1": 1, "2.2": 2, "2.3": 1, "3.2": 2, "3.3": 1, "3.4": 2, "3.5": 3,
    "4.1": 1, "4.4": 1, "5.2": 2, "5.3": 2, "6.1": 1, "6.2": 8, "6.3": 2, "6.4": 2, "7.2": 4, "7.4": 2,
    "8.1": 1, "8.2": 2, "8.3": 1, "9.1": 3, "9.2": 1, "10.4": 5, "11.3": 2, "11.4": 1, "12.1": 1, "12.2": 2,
    "13.4": 1, "14.2": 1, "14.3": 1, "15.1": 1, "15.2": 1, "15.3": 1,
}
# fmt: on
"""How many requirements of level 1 each section of ASVS 5.0 begins with."""


def checklist() -> list[list[str]]:
    """Return the rows of the security checklist: number, about, status, by."""
    rows = re.findall(r"^\| (\d+\.\d+\.\d+) \| (.*) \| (.*) \| (.*) \|$", read("docs/security.md"), re.MULTILINE)
    return [list(row) for row in rows]


def test_the_checklist_has_every_requirement_of_level_1_once() -> None:
    numbers = [f"{section}.{number}" for section, count in ASVS.items() for number in range(1, count + 1)]

    assert [row[0] for row in checklist()] == numbers
    assert len(numbers) == 70


def test_what_the_checklist_names_exists() -> None:
    for number, _, status, by in checklist():
        tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", by)
        names = re.findall(r"`([A-Z0-9_]+)`", by)

        assert status in {"met", "not applicable", "open"}, number
        assert by, number
        assert tests or names or status != "met", number
        for path, name in tests:
            assert f"def {name}(" in read(path), f"{number} names {path}::{name}"
        for name in names:
            assert hasattr(settings, name), f"{number} names {name}"


def test_every_file_that_a_document_names_exists() -> None:
    for document in ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/security.md"]:
        for path in re.findall(r"`((?:vereda|practice|tests|docs|bench)/[\w./]+)(?:::\w+)?`", read(document)):
            assert (ROOT / path).exists(), f"{document} names {path}"


def test_nothing_sets_the_flag_that_hides_orm_calls_on_an_event_loop() -> None:
    code = [*ROOT.glob("vereda/**/*.py"), *ROOT.glob("practice/**/*.py"), *ROOT.glob("scripts/*"), ROOT / "run"]

    assert not [path for path in code if path.is_file() and "DJANGO_ALLOW_ASYNC_UNSAFE" in path.read_text()]


def test_what_the_parser_takes_for_a_text_fits_into_the_record() -> None:
    assert parsing.LONGEST_CELL == LONGEST_TEXT
