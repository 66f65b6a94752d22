"""Assisted lookup behind its pages: whom it is for, whose turn it is, and what saving an answer does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.utils import timezone

from tests import make
from tests.census.worker.attempts import NOW, PLACE, SECOND, claim, fail_for_good, look_up
from tests.census.worker.threads import at_once
from tests.referrals.pages import put
from vereda.accounts.models import AuditEntry, User
from vereda.census import actions, assisted, bulk
from vereda.census.bulk import progress_of
from vereda.census.models import CedulaInfo, LookupAttempt, Priority, Reason
from vereda.census.sources.port import Answer, Cancelled, NotFound
from vereda.census.statuses import ANSWERS, ASSISTABLE, FAILURES, Status
from vereda.census.worker import claims, outcomes

pytestmark = pytest.mark.django_db
DECEASED = Cancelled("Cancelada por Muerte", "1234", "05/03/2021")


@pytest.fixture
def record(caro: User) -> CedulaInfo:
    """Caro's record, which is due."""
    CedulaInfo.objects.filter(user=caro).update(next_at=NOW, requested_at=NOW)
    return CedulaInfo.objects.get(user=caro)


@pytest.fixture
def staff(db: None) -> User:
    """Somebody who may change census records, and invited nobody."""
    person = make.person("Sara Ortiz", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="change_cedulainfo"))
    return User.objects.get(pk=person.pk)


def save(record: CedulaInfo, actor: User, answer: Answer = PLACE) -> bool:
    return assisted.record_assisted(record=record, answer=answer, actor=actor, now=NOW)


def names(viewer: User) -> set[str]:
    return set(assisted.assistable_by(viewer).values_list("user__full_name", flat=True))


def order(viewer: User) -> list[str]:
    """Return whom one gets to see by skipping everybody."""
    seen: list[str] = []
    after = None
    while (found := assisted.next_for(viewer, after=after)) is not None:
        seen.append(found.user.full_name)
        after = found.user_id
    return seen


def invited(by: User, name: str, status: Status, **fields: Any) -> CedulaInfo:
    return put(make.person(name, referred_by=by), status, **fields)


def test_a_leader_does_it_for_whom_they_invited(beto: User, caro: User, eva: User) -> None:
    assert assisted.may_assist(beto)
    assert names(beto) == {"Caro Bermúdez"}


def test_a_superuser_does_it_for_everybody_else(ana: User, beto: User, caro: User, eva: User) -> None:
    assert names(ana) == {"Beto Quiñones", "Caro Bermúdez", "Dani Restrepo", "Eva D’Angelo"}


def test_staff_who_may_change_records_do_it_for_everybody_else(staff: User, ana: User, caro: User) -> None:
    assert assisted.may_assist(staff)
    assert names(staff) == {"Ana Peñaranda", "Beto Quiñones", "Caro Bermúdez"}


@pytest.mark.parametrize("change", [{"is_staff": False}, {"is_active": False}])
def test_the_permission_alone_is_not_enough(staff: User, caro: User, change: dict[str, bool]) -> None:
    for name, value in change.items():
        setattr(staff, name, value)

    assert not assisted.may_assist(staff)
    assert names(staff) == set()


def test_staff_without_the_permission_and_users_do_it_for_nobody(caro: User) -> None:
    fabio = make.person("Fabio Zúñiga", referred_by=caro, is_staff=True)
    make.person("Gloria", referred_by=fabio)

    assert not any(map(assisted.may_assist, (caro, fabio)))
    assert names(caro) == names(fabio) == set()


def test_people_at_a_screen_come_first_then_who_waits_longest_and_failures_last(beto: User) -> None:
    at_a_screen, in_bulk = Priority.AT_A_SCREEN, Priority.IN_BULK
    invited(beto, "failed", Status.BLOCKED, priority=at_a_screen, next_at=NOW - 9 * SECOND)
    invited(beto, "in bulk", Status.PENDING, priority=in_bulk, next_at=NOW - 9 * SECOND)
    invited(beto, "later", Status.PENDING, priority=at_a_screen, next_at=NOW)
    invited(beto, "at once", Status.PENDING, priority=at_a_screen, next_at=NOW)
    invited(beto, "longest", Status.PENDING, priority=at_a_screen, next_at=NOW - SECOND)
    invited(beto, "error", Status.ERROR, next_at=NOW)

    assert order(beto) == ["longest", "later", "at once", "in bulk", "error", "failed"]


@pytest.mark.parametrize("status", [*ANSWERS, Status.PROCESSING])
def test_whoever_is_answered_about_or_being_asked_about_is_not_offered(beto: User, caro: User, status: Status) -> None:
    put(caro, status)

    assert assisted.next_for(beto) is None
    assert assisted.waiting_for(beto) == 0


@pytest.mark.parametrize("status", ASSISTABLE)
def test_whoever_waits_or_failed_is_offered(beto: User, caro: User, eva: User, status: Status) -> None:
    put(caro, status)

    assert order(beto) == ["Caro Bermúdez"]
    assert assisted.waiting_for(beto) == 1


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PROCESSING])
def test_after_somebody_who_waits_no_more_the_first_one_comes(beto: User, caro: User, status: Status) -> None:
    invited(beto, "Fabio", Status.PENDING)
    put(caro, status)
    found = assisted.next_for(beto, after=caro.pk)

    assert found is not None
    assert found.user.full_name == "Fabio"


def test_after_somebody_of_another_leader_the_first_one_comes(beto: User, caro: User, eva: User) -> None:
    put(eva, Status.BLOCKED)
    found = assisted.next_for(beto, after=eva.pk)

    assert found is not None
    assert found.user == caro


@pytest.mark.parametrize(
    ("answer", "status"),
    [(PLACE, Status.ACTIVE), (DECEASED, Status.CANCELLED_DECEASED), (NotFound(), Status.NOT_FOUND)],
)
def test_what_is_saved_is_an_answer_like_any_other_with_its_own_source(
    record: CedulaInfo, beto: User, answer: Answer, status: Status
) -> None:
    assert save(record, beto, answer)

    record.refresh_from_db()
    assert (record.status, record.answer_status, record.answer_source) == (status, status, "asistida")
    assert (record.fetched_at, record.error_message) == (NOW, "")
    assert (record.puesto, record.novedad) == (
        PLACE.puesto if answer is PLACE else "",
        DECEASED.novedad if answer is DECEASED else "",
    )


def test_a_failures_message_and_evidence_go_with_the_answer(record: CedulaInfo, beto: User) -> None:
    fail_for_good(record)
    assert record.evidence_at is not None
    save(record, beto)

    record.refresh_from_db()
    assert (record.error_message, record.raw_response, record.evidence_at) == ("", "", None)


def test_who_looked_somebody_up_is_put_down_twice(record: CedulaInfo, beto: User, caro: User) -> None:
    save(record, beto, DECEASED)

    attempt = LookupAttempt.objects.get(record=record)
    assert (attempt.reason, attempt.source, attempt.requested_by) == (Reason.ASSISTED, "asistida", beto)
    assert (attempt.started_at, attempt.ended_at, attempt.outcome) == (NOW, NOW, "cancelled")
    assert AuditEntry.objects.values_list("action", "actor", "person").get() == ("answer_entered", beto.pk, caro.pk)


def nothing_is_written(record: CedulaInfo, actor: User) -> bool:
    """Try to save, and say whether all is as it was."""
    before = CedulaInfo.objects.values().get(pk=record.pk)
    attempts = LookupAttempt.objects.count()
    is_saved = save(record, actor, NotFound())
    return not (is_saved or AuditEntry.objects.exists() or LookupAttempt.objects.count() > attempts) and (
        before == CedulaInfo.objects.values().get(pk=record.pk)
    )


def test_nothing_is_saved_over_a_worker_that_claimed_meanwhile(record: CedulaInfo, beto: User) -> None:
    claimed = claim(record)

    assert nothing_is_written(record, beto)
    assert outcomes.record_outcome(claimed=claimed, outcome=PLACE, source="practice", now=NOW)


def test_nothing_is_saved_over_an_answer_that_came_meanwhile(record: CedulaInfo, beto: User) -> None:
    look_up(CedulaInfo.objects.get(pk=record.pk), PLACE)

    assert nothing_is_written(record, beto)


def test_the_first_of_two_people_who_save_is_the_one(record: CedulaInfo, beto: User, ana: User) -> None:
    assert save(record, beto)

    assert not save(record, ana, NotFound())
    assert LookupAttempt.objects.get().requested_by == beto


@pytest.mark.parametrize("status", [Status.PENDING, *FAILURES])
def test_an_older_answer_gives_way_like_to_any_newer_one(record: CedulaInfo, beto: User, status: Status) -> None:
    older = {"answer_status": Status.NOT_FOUND, "answer_source": "practice", "fetched_at": NOW - timedelta(days=9)}
    CedulaInfo.objects.filter(pk=record.pk).update(status=status, **older)
    save(record, beto)

    record.refresh_from_db()
    assert (record.answer_status, record.answer_source, record.fetched_at) == (Status.ACTIVE, "asistida", NOW)


def test_a_later_lookup_replaces_it_as_usual(record: CedulaInfo, beto: User, caro: User) -> None:
    save(record, beto)
    later = NOW + timedelta(minutes=5)
    record.refresh_from_db()
    assert actions.request_lookup(record=record, requested_by=caro, reason=Reason.OWN, now=later)
    look_up(record, NotFound(), now=later)

    assert (record.status, record.answer_source) == (Status.NOT_FOUND, "practice")


def test_a_worker_finds_nothing_left_to_do(record: CedulaInfo, beto: User) -> None:
    save(record, beto)

    assert claims.claim(user_id=record.user_id, now=NOW + SECOND) is None


def ask_for_many(leader: User, *people: User) -> None:
    for person in people:
        put(person, Status.BLOCKED)
    records = CedulaInfo.objects.referrals_of(leader)
    assert bulk.refresh_all(records=records, requested_by=leader, now=timezone.now()) is not None


def test_for_a_request_for_many_the_person_is_through(beto: User, caro: User) -> None:
    fabio = make.person("Fabio", referred_by=beto)
    ask_for_many(beto, caro, fabio)
    save(CedulaInfo.objects.get(user=caro), beto)
    progress = progress_of(beto, timezone.now())

    assert progress is not None
    assert (progress.done, progress.left, progress.total) == (1, 1, 2)
    save(CedulaInfo.objects.get(user=fabio), beto)
    assert progress_of(beto, timezone.now()) is None


def test_cancelling_the_request_for_many_leaves_the_answer_alone(beto: User, caro: User) -> None:
    ask_for_many(beto, caro)
    record = CedulaInfo.objects.get(user=caro)
    request = record.bulk
    assert request is not None
    save(record, beto)

    assert bulk.cancel(bulk=request, now=NOW) == 0
    assert CedulaInfo.objects.get(user=caro).status == Status.ACTIVE


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rival", ["worker", "person"])
def test_of_two_at_the_same_moment_one_wins(record: CedulaInfo, beto: User, rival: str) -> None:
    def enter() -> str:
        with transaction.atomic():
            return "person" if save(record, beto) else ""

    def take() -> str:
        return "worker" if claims.claim(user_id=record.user_id, now=NOW) else ""

    work: list[Callable[[], str]] = [enter, take if rival == "worker" else enter]

    def either() -> str:
        return work.pop()()

    winners = [winner for winner in at_once(2, either) if winner]

    assert len(winners) == 1
    record.refresh_from_db()
    assert record.status == (Status.PROCESSING if winners == ["worker"] else Status.ACTIVE)
    assert LookupAttempt.objects.count() == winners.count("person")


@pytest.mark.parametrize(
    ("sources", "urls", "page"),
    [
        (["practice"], [], "http://127.0.0.1:8800/censo/consultar/"),
        (["practice"], ["http://127.0.0.1:9/censo/"], "http://127.0.0.1:9/censo/"),
        (["registraduria", "consultacenso"], [], "https://wsp.registraduria.gov.co/censo/consultar/"),
        (["verifik", "consultacenso"], [], "https://consultacenso.registraduria.gov.co/"),
        (["verifik"], [], "https://wsp.registraduria.gov.co/censo/consultar/"),
    ],
)
def test_the_official_page_is_that_of_the_first_source_that_has_one(
    settings: Any, sources: list[str], urls: list[str], page: str
) -> None:
    settings.CENSUS_SOURCE, settings.CENSUS_URL, settings.VERIFIK_TOKEN = sources, urls, "t"

    assert assisted.official_page() == page
