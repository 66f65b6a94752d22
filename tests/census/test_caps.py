"""One person cannot use up everybody's day: caps by the calendar day, and a last place for repeats."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from tests import make
from tests.census.worker.attempts import PLACE, SECOND, claim_next, look_up
from tests.census.worker.threads import at_once
from tests.referrals.pages import put, record_of, refresh_one, toast
from vereda.accounts import audit, consents
from vereda.accounts.models import AuditEntry, Purpose, User
from vereda.census import actions, bulk
from vereda.census.models import CedulaInfo, Priority, Reason
from vereda.census.statuses import FINAL, Cap, Status
from vereda.census.worker import claims

pytestmark = pytest.mark.django_db

TODAY = datetime(2099, 3, 1, 12, 0, tzinfo=UTC)  # seven in the morning in Bogotá
LAST_SECOND = datetime(2099, 3, 2, 4, 59, 59, tzinfo=UTC)
MIDNIGHT = LAST_SECOND + SECOND
COOLDOWN = timedelta(seconds=30)
OWN, PERSON, LEADER = 6, 12, 300


def final(user: User, status: Status = Status.BLOCKED, **fields: Any) -> CedulaInfo:
    """Leave somebody's lookup done long ago."""
    return put(user, status, **{"requested_at": TODAY - timedelta(days=9), **fields})


def spent(user: User, status: Status = Status.BLOCKED, *, own: int = 0, everybody: int = PERSON) -> CedulaInfo:
    """Leave somebody looked up so often today."""
    return final(user, status, day=TODAY.date(), day_lookups=everybody, day_own=own)


def ask(user: User, by: User | None = None, now: datetime = TODAY) -> bool:
    reason = Reason.OWN if by is None else Reason.LEADER
    return actions.request_lookup(record=record_of(user), requested_by=by or user, reason=reason, now=now)


def ask_marked(user: User, by: User, now: datetime = TODAY) -> bool:
    return bulk.refresh_marked(records=CedulaInfo.objects.filter(user=user), requested_by=by, now=now).queued == 1


def ask_all(user: User, by: User, now: datetime = TODAY) -> bool:
    return bulk.refresh_all(records=CedulaInfo.objects.filter(user=user), requested_by=by, now=now) is not None


def withdraw_and_consent(user: User) -> CedulaInfo:
    consents.withdraw(user=user, purpose=Purpose.CENSUS_LOOKUP)
    make.agree(user, Purpose.CENSUS_LOOKUP)
    return record_of(user)


def end(user: User) -> None:
    """Let the lookup under way end without an answer, and the cooldown pass."""
    CedulaInfo.objects.filter(user=user).update(status=Status.BLOCKED, requested_at=TODAY - COOLDOWN, bulk=None)


def asked_as_often_as_possible(ask: Callable[[], bool], user: User) -> int:
    for times in range(100):
        try:
            if not ask():
                return times
        except actions.TooSoonError:
            return times
        end(user)
    return 100


def test_a_person_asks_about_themselves_six_times_a_day(caro: User) -> None:
    final(caro)

    assert asked_as_often_as_possible(lambda: ask(caro), caro) == OWN
    with pytest.raises(actions.TooSoonError) as refusal:
        ask(caro)
    assert refusal.value.cap is Cap.OWN
    assert TODAY + timedelta(seconds=refusal.value.seconds) == MIDNIGHT


def test_the_lookup_of_joining_is_one_of_the_six(db: None) -> None:
    with time_machine.travel(TODAY, tick=False):
        nora = make.person()
    end(nora)

    assert asked_as_often_as_possible(lambda: ask(nora), nora) == OWN - 1


@pytest.mark.parametrize("ask_them", [ask, ask_marked, ask_all])
def test_one_person_is_looked_up_twelve_times_a_day_whatever_leaders_do(
    beto: User, caro: User, ask_them: Callable[..., bool]
) -> None:
    final(caro)

    assert asked_as_often_as_possible(lambda: ask_them(caro, beto), caro) == PERSON


def test_what_a_person_asks_counts_for_all_and_what_others_ask_leaves_them_their_own(ana: User, caro: User) -> None:
    spent(caro, everybody=PERSON - 1)

    assert ask(caro)
    end(caro)
    for by in (None, ana):
        with pytest.raises(actions.TooSoonError) as refusal:
            ask(caro, by)
        assert refusal.value.cap is Cap.PERSON


def test_a_leader_may_ask_when_the_person_may_not_any_more(beto: User, caro: User) -> None:
    spent(caro, own=OWN, everybody=OWN)

    assert ask(caro, beto)


@pytest.mark.parametrize("status", FINAL)
def test_the_day_ends_at_midnight_in_bogota(caro: User, status: Status) -> None:
    spent(caro, status)

    with pytest.raises(actions.TooSoonError):
        ask(caro, now=LAST_SECOND)
    assert ask(caro, now=MIDNIGHT)
    record = record_of(caro)
    assert (f"{record.day}", record.day_lookups, record.day_own) == ("2099-03-02", 1, 1)


def test_a_refusal_by_the_cooldown_names_no_cap(caro: User) -> None:
    final(caro, requested_at=TODAY - SECOND)

    with pytest.raises(actions.TooSoonError) as refusal:
        ask(caro)
    assert (refusal.value.cap, refusal.value.seconds) == (None, 29)


@pytest.mark.parametrize("name", ["CENSUS_DAILY_OWN", "CENSUS_DAILY_PERSON"])
def test_without_a_cap_only_the_other_one_holds(caro: User, settings: Any, name: str) -> None:
    setattr(settings, name, None)
    final(caro)

    assert asked_as_often_as_possible(lambda: ask(caro), caro) == (PERSON if name.endswith("OWN") else OWN)


def test_who_is_spent_for_today_is_told_apart_among_the_marked(beto: User, caro: User) -> None:
    spent(caro)
    soon, other, fresh = (make.person(referred_by=beto) for _ in range(3))
    final(soon, requested_at=TODAY - SECOND)
    final(other, day=TODAY.date() - timedelta(days=1), day_lookups=PERSON)
    final(fresh)

    everybody = CedulaInfo.objects.filter(user__in=[caro, soon, other, fresh])
    tally = bulk.refresh_marked(records=everybody, requested_by=beto, now=TODAY)
    assert (tally.queued, tally.too_soon, tally.spent) == (2, 1, 1)


def test_a_request_for_all_that_is_taken_back_before_anybody_began_it_counts_for_nobody(beto: User, caro: User) -> None:
    begun = make.person(referred_by=beto)
    for person in (caro, begun):
        final(person, day=TODAY.date(), day_lookups=3)
    request = bulk.refresh_all(records=CedulaInfo.objects.referrals_of(beto), requested_by=beto, now=TODAY)
    assert request is not None
    CedulaInfo.objects.filter(user=begun).update(attempts=1)

    bulk.cancel(bulk=request, now=TODAY)
    assert (record_of(caro).day_lookups, record_of(begun).day_lookups) == (3, 4)


# Withdrawing and consenting again


def test_the_days_numbers_stay_when_consent_is_withdrawn(caro: User) -> None:
    spent(caro, own=4, everybody=7)
    with time_machine.travel(TODAY, tick=False):
        record = withdraw_and_consent(caro)

    assert (record.status, record.day_own, record.day_lookups) == (Status.PENDING, 5, 8)
    assert record.next_at == TODAY + COOLDOWN


@pytest.mark.parametrize("numbers", [{"own": OWN, "everybody": OWN}, {"own": 0, "everybody": PERSON}])
def test_who_consents_again_beyond_the_cap_waits_for_tomorrow(caro: User, numbers: dict[str, int]) -> None:
    spent(caro, **numbers)
    with time_machine.travel(TODAY, tick=False):
        for _ in range(20):
            record = withdraw_and_consent(caro)
            assert (record.status, record.next_at) == (Status.PENDING, MIDNIGHT)
            assert record.waits_for_tomorrow

    assert claims.claim(user_id=caro.pk, now=LAST_SECOND) is None
    look_up(record, PLACE, now=MIDNIGHT)
    assert asked_as_often_as_possible(lambda: ask(caro, now=MIDNIGHT + COOLDOWN), caro) == OWN - 1


def test_whoever_is_put_off_until_tomorrow_is_not_asked_about_today_by_anybody(beto: User, caro: User) -> None:
    spent(caro)
    with time_machine.travel(TODAY, tick=False):
        withdraw_and_consent(caro)

    assert not ask(caro)
    assert not ask(caro, beto)
    assert not ask_marked(caro, beto)
    assert claims.claim(user_id=caro.pk, now=LAST_SECOND) is None


# Who waits behind whom


@pytest.mark.parametrize("by_leader", [False, True])
@pytest.mark.parametrize(
    ("age", "priority"),
    [(timedelta(hours=23, minutes=59), Priority.REPEAT), (timedelta(days=1), Priority.AT_A_SCREEN)],
)
def test_a_repeat_of_a_young_answer_comes_last(
    beto: User, caro: User, age: timedelta, priority: Priority, by_leader: bool
) -> None:
    final(caro, Status.ACTIVE, fetched_at=TODAY - age)
    ask(caro, beto if by_leader else None)

    assert record_of(caro).priority == priority


def test_a_repeat_waits_behind_those_in_bulk_and_asking_twice_does_not_help(beto: User, caro: User) -> None:
    in_bulk = make.person(referred_by=beto)
    CedulaInfo.objects.exclude(user__in=[caro, in_bulk]).delete()
    final(caro, Status.ACTIVE, fetched_at=TODAY)
    ask(caro)
    final(in_bulk)
    ask_marked(in_bulk, beto, now=TODAY + SECOND)
    assert not ask(caro)
    assert not ask(caro, beto)

    taken = claim_next(TODAY + SECOND)
    assert taken is not None
    assert taken[0].user_id == in_bulk.pk


def test_consenting_again_after_a_lookup_of_today_comes_last_too(caro: User) -> None:
    with time_machine.travel(TODAY, tick=False):
        nora = make.person()
        look_up(record_of(nora), PLACE, now=TODAY)
        assert withdraw_and_consent(nora).priority == Priority.REPEAT
        caro.cedula_info.refresh_from_db()

    assert record_of(nora).day_lookups == 2


def test_the_first_lookup_of_a_person_comes_first(db: None) -> None:
    assert record_of(make.person()).priority == Priority.AT_A_SCREEN


def test_a_failure_keeps_nobody_behind(caro: User) -> None:
    final(caro)
    ask(caro)

    assert record_of(caro).priority == Priority.AT_A_SCREEN


# One leader, one by one


@pytest.fixture
def ten_a_day(settings: Any) -> None:
    settings.CENSUS_DAILY_LEADER = 10


def asked_by(leader: User, now: datetime, people: int) -> int:
    """Return about how many people a leader can ask one by one."""
    asked = 0
    with time_machine.travel(now, tick=False):
        for _ in range(people):
            person = make.person(referred_by=leader)
            final(person)
            try:
                asked += ask(person, leader, now=now)
            except actions.TooSoonError:
                break
    return asked


def test_a_leader_asks_one_by_one_so_often_a_day(ten_a_day: None, beto: User, dani: User, ana: User) -> None:
    assert [asked_by(leader, TODAY, 12) for leader in (beto, dani, ana)] == [10, 10, 10]
    assert asked_by(beto, LAST_SECOND, 1) == 0
    assert asked_by(beto, MIDNIGHT, 11) == 10


def test_what_was_refused_is_undone_and_leaves_no_entry_and_the_trail_whole(
    ten_a_day: None, beto: User, caro: User
) -> None:
    asked_by(beto, TODAY, 10)
    before = final(caro)
    with time_machine.travel(TODAY, tick=False), pytest.raises(actions.TooSoonError) as refusal:
        ask(caro, beto)

    assert refusal.value.cap is Cap.LEADER
    assert record_of(caro).version == before.version
    assert AuditEntry.objects.filter(actor=beto, action=AuditEntry.Action.LOOKUP_ASKED).count() == 10
    audit.verify()


def test_asking_in_bulk_is_not_counted_for_a_leader(ten_a_day: None, beto: User) -> None:
    asked_by(beto, TODAY, 10)
    person = make.person(referred_by=beto)
    final(person)

    assert ask_marked(person, beto)


def test_taking_somebody_in_bulk_ahead_counts_as_asking_one_by_one(ten_a_day: None, beto: User, caro: User) -> None:
    asked_by(beto, TODAY, 9)
    other = make.person(referred_by=beto)
    with time_machine.travel(TODAY, tick=False):
        for person in (caro, other):
            final(person)
            ask_marked(person, beto)
        assert not ask(caro, beto)
        with pytest.raises(actions.TooSoonError):
            ask(other, beto)

    assert [record_of(person).priority for person in (caro, other)] == [Priority.AT_A_SCREEN, Priority.IN_BULK]


def test_a_person_who_is_a_leader_asks_about_themselves_beyond_that(ten_a_day: None, beto: User) -> None:
    asked_by(beto, TODAY, 10)
    final(beto)

    assert ask(beto)


def test_a_leaders_day_is_counted_by_an_index(beto: User) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    asked = AuditEntry.objects.filter(actor=beto, action=AuditEntry.Action.LOOKUP_ASKED, at__gte=TODAY, at__lt=MIDNIGHT)

    assert "index" in asked.explain().lower()


# Two at once


@pytest.mark.django_db(transaction=True)
def test_the_last_lookup_of_a_day_is_asked_by_one_of_many(ana: User, caro: User) -> None:
    for _ in range(5):
        spent(caro, everybody=PERSON - 1)
        asked = at_once(4, lambda: ask(caro, ana))
        assert (sorted(asked), record_of(caro).day_lookups) == ([False, False, False, True], PERSON)


@pytest.mark.django_db(transaction=True)
def test_a_leader_who_asks_about_many_at_once_stays_below_the_cap(settings: Any, beto: User) -> None:
    settings.CENSUS_DAILY_LEADER = 3
    people = [make.person(referred_by=beto) for _ in range(6)]
    with time_machine.travel(TODAY, tick=False):
        for person in people:
            final(person)
        waiting = iter(people)

        def ask_next() -> bool:
            try:
                return ask(next(waiting), beto)
            except actions.TooSoonError:
                return False

        assert sum(at_once(6, ask_next)) == 3

    assert AuditEntry.objects.filter(action=AuditEntry.Action.LOOKUP_ASKED).count() == 3
    audit.verify()


# What people read


@pytest.fixture
def today() -> Any:
    with time_machine.travel(TODAY, tick=False):
        yield


def test_the_own_page_says_that_it_goes_on_tomorrow(today: None, client: Client, caro: User) -> None:
    client.force_login(caro)
    spent(caro, own=OWN)
    reply = client.post("/censo/actualizar/", headers={"HX-Request": "true"})

    assert (reply.status_code, reply["Retry-After"]) == (429, f"{int((MIDNIGHT - TODAY).total_seconds())}")
    assert "mañana" in toast(reply)["message"]
    assert "mañana" in client.post("/censo/actualizar/").content.decode()


def test_the_leaders_page_says_that_it_goes_on_tomorrow(today: None, client: Client, beto: User, caro: User) -> None:
    client.force_login(beto)
    spent(caro)
    reply = refresh_one(client, caro)

    assert (reply.status_code, reply["Retry-After"]) == (429, f"{int((MIDNIGHT - TODAY).total_seconds())}")
    assert "mañana" in toast(reply)["message"]
    assert "mañana" in client.post(f"/censo/{caro.pk}/actualizar/").content.decode()


def test_a_leader_beyond_their_own_cap_reads_so(today: None, client: Client, settings: Any, beto: User) -> None:
    client.force_login(beto)
    settings.CENSUS_DAILY_LEADER = 1
    one, other = make.person(referred_by=beto), make.person(referred_by=beto)
    for person in (one, other):
        final(person)

    assert refresh_one(client, one).status_code == 200
    reply = refresh_one(client, other)
    assert reply.status_code == 429
    assert "Podrá seguir mañana" in toast(reply)["message"]


def test_who_is_put_off_reads_that_it_goes_on_tomorrow_and_so_does_their_leader(
    today: None, client: Client, beto: User, caro: User
) -> None:
    spent(caro)
    withdraw_and_consent(caro)

    client.force_login(caro)
    assert "la consulta sigue mañana" in client.get("/perfil/").content.decode()
    client.force_login(beto)
    assert "La consulta sigue mañana" in client.get("/referidos/").content.decode()
