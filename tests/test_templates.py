"""The pages' markup as a whole: every state of the census section, the content policy, icons and collected files."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory

from vereda.accounts.models import User
from vereda.census.models import CedulaInfo
from vereda.census.sources.reading.novedades import NovedadKind
from vereda.census.statuses import ANSWERS, FAILURES, WAITING, Status
from vereda.census.wording import of_status
from vereda.referrals.listing import Row

TEMPLATES = sorted((settings.BASE_DIR / "vereda" / "templates").rglob("*.html"))
PRACTICE_PAGES = sorted((settings.BASE_DIR / "practice" / "pages").glob("*.html"))
STATIC = settings.BASE_DIR / "vereda" / "static"
SPRITE = (STATIC / "vereda" / "icons.svg").read_text()
AT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)

PLACE = {"puesto": "IE EL SAUCE", "mesa": "12", "municipio": "TUNJA", "departamento": "BOYACA", "direccion": "KR 9"}
NOVEDAD = {"novedad": "Cancelada por Doble Cedulación", "resolucion": "12345 de 2019"}
DETAILS: dict[str, dict[str, str]] = {
    "": {},
    Status.ACTIVE: PLACE,
    Status.NOT_FOUND: {},
    Status.CANCELLED_DECEASED: {"novedad": "Cancelada por Muerte"},
    Status.CANCELLED_OTHER: NOVEDAD,
}
COMBINATIONS = [
    (status, answer) for status in Status for answer in ("", *ANSWERS) if status not in ANSWERS or status == answer
]


def section(status: str, answer: str = "", **fields: Any) -> str:
    """Render the census section of a record that is never stored."""
    record = CedulaInfo(
        user=User(full_name="Caro"),
        status=status,
        answer_status=answer,
        fetched_at=AT if answer else None,
        next_at=AT,
        **DETAILS[answer],
        **{"answer_source": "practice"} | fields,
    )
    request = RequestFactory().get("/censo/")
    return render_to_string(
        "census/profile.html#section", {"record": record, "poll_seconds": 5, "seen": "x"}, request=request
    )


@pytest.mark.parametrize(("status", "answer"), COMBINATIONS)
def test_every_state_says_its_badge_and_polls_only_while_waiting(status: Status, answer: str) -> None:
    page = section(status, answer)

    assert f'data-status="{status}"' in page
    assert CedulaInfo(status=status, **DETAILS[answer]).wording.badge in page
    assert ('hx-trigger="every 5s"' in page) is (status in WAITING)
    assert ("/censo/actualizar/" in page) is (status not in WAITING)


@pytest.mark.parametrize(("status", "answer"), [pair for pair in COMBINATIONS if pair[1]])
def test_an_answer_always_shows_with_its_date_and_source(status: Status, answer: str) -> None:
    page = section(status, answer)

    assert "Según el censo de práctica" in page
    assert "20 de noviembre de 2026" in page
    for text in DETAILS[answer].values():
        assert text in page
    assert ("Última respuesta" in page) is (status != answer)


@pytest.mark.parametrize("shown", ["section", "row"])
def test_an_answer_that_a_person_looked_up_says_so_where_it_is_read(shown: str) -> None:
    page = {"section": section, "row": row}[shown]("ACTIVE", "ACTIVE", answer_source="asistida")

    assert "Según lo que una persona consultó en la página de la Registraduría ·" in page


def test_a_failed_attempt_tells_when_the_next_one_is() -> None:
    page = section("PENDING", error_message="No hubo respuesta.")

    assert "No hubo respuesta." in page
    assert "volvemos a intentar a las" in page
    assert "10:30 a.m." in page


def test_an_answer_that_could_not_be_renewed_says_so_and_stays() -> None:
    page = section("ACTIVE", "ACTIVE", error_message="No hubo respuesta.")

    assert "No pudimos actualizar la respuesta. No hubo respuesta." in page
    assert "IE EL SAUCE" in page


def row(status: str, answer: str = "", **fields: Any) -> str:
    """Render the rows of a person in the leader's list, of a record that is never stored."""
    person = User(pk=7, full_name="Caro", cedula="900000003", date_joined=AT)
    record = CedulaInfo(
        user=person,
        status=status,
        answer_status=answer,
        fetched_at=AT if answer else None,
        next_at=AT,
        **DETAILS[answer],
        **{"answer_source": "practice"} | fields,
    )
    context = {"row": Row(person, record), "user": User(role=User.Role.LEADER)}
    return render_to_string("referrals/components/person.html", context)


@pytest.mark.parametrize(("status", "answer"), COMBINATIONS)
def test_every_state_of_a_row_says_its_badge_and_offers_what_helps(status: Status, answer: str) -> None:
    shown = row(status, answer)

    assert f'<tr id="referido-7" class="person-row" data-status="{status}"' in shown
    assert CedulaInfo(status=status, **DETAILS[answer]).wording.badge in shown
    assert ('name="ids"' in shown) is (status in FAILURES)
    assert ("/censo/7/actualizar/" in shown) is (status not in WAITING)
    assert ("Según el censo de práctica" in shown) is bool(answer)
    assert all(text in shown for text in DETAILS[answer].values())
    assert ("Última respuesta" in shown) is (bool(answer) and status != answer)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("kind", [None, *NovedadKind])
def test_a_leader_is_told_about_the_person_and_never_spoken_to_as_if_they_were(
    status: Status, kind: NovedadKind | None
) -> None:
    told = of_status(status, kind).for_leader

    assert told
    assert not re.search(r"\busted\b|\bsu cédula está\b|\bAcérquese\b", told)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_what_the_content_policy_forbids(path: Path) -> None:
    source = path.read_text()

    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|<style|hx-on", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert not re.search(r"(?:src|href)=[\"']https?:", source)


@pytest.mark.parametrize("path", [*TEMPLATES, *PRACTICE_PAGES], ids=lambda path: path.name)
def test_no_line_is_longer_than_160_characters(path: Path) -> None:
    lines = path.read_text().splitlines()
    name = path.relative_to(settings.BASE_DIR)

    assert [f"{name}:{number}" for number, line in enumerate(lines, 1) if len(line) > 160] == []


def test_every_icon_that_is_named_exists() -> None:
    included = {
        name for path in TEMPLATES for name in re.findall(r"icon\.html\" with name=\"([a-z-]+)\"", path.read_text())
    }
    worded = {of_status(status, kind).icon for status in Status for kind in (None, *NovedadKind)}

    assert {name for name in included | worded if f'id="{name}"' not in SPRITE} == set()


def test_the_page_for_our_own_faults_needs_nothing() -> None:
    page = get_template("500.html").render()

    assert "Algo falló de nuestro lado" in page
    for address in re.findall(r'"/static/([^"]+)"', page):
        assert (STATIC / address).is_file()


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "429.html"])
def test_every_refusal_says_what_happened_and_where_to_go(name: str) -> None:
    page = (
        get_template(name).render({"message": "Esto pasó."}) if name != "403_csrf.html" else get_template(name).render()
    )

    assert 'href="/"' in page
    assert name == "403_csrf.html" or "Esto pasó." in page


def test_static_files_refer_only_to_files_that_exist(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }

    call_command("collectstatic", interactive=False, verbosity=0)

    assert (tmp_path / "staticfiles.json").is_file()
