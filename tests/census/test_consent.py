"""No consent, no lookup: whoever and whatever asks, before, while and after somebody waits."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from tests import make
from tests.census.worker.attempts import (
    BLOCKED,
    CLAIM,
    NOW,
    PLACE,
    SECOND,
    begin_again,
    claim,
    claim_next,
    fail_for_good,
    interrupt,
    look_up,
)
from tests.queues import sent
from tests.referrals.pages import HTMX, put, toast
from vereda.accounts import consents
from vereda.accounts.consents import Agreement
from vereda.accounts.models import Channel, Consent, Policy, Purpose, User
from vereda.census import actions, assisted, bulk, evidence
from vereda.census.models import BulkRefresh, CedulaInfo, LookupAttempt, Reason
from vereda.census.sources.port import Failure, FailureKind, NotFound
from vereda.census.statuses import FINAL, UNAUTHORISED, Status
from vereda.census.worker import claims, outcomes, rescue
from vereda.census.worker.claims import ClaimLostError

pytestmark = pytest.mark.django_db


@pytest.fixture
def nora() -> User:
    """Typed in by an administration: she has agreed to nothing."""
    return make.person_without_consent("Nora Sinisterra")


@pytest.fixture
def record(caro: User) -> CedulaInfo:
    return caro.cedula_info


def record_of(user: User) -> CedulaInfo:
    return CedulaInfo.objects.get(user=user)


def withdraw(user: User) -> CedulaInfo:
    consents.withdraw(user=user, purpose=Purpose.CENSUS_LOOKUP)
    return record_of(user)


def test_who_was_typed_in_has_a_record_that_asks_nothing_and_sends_nothing(
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        nora = make.person_without_consent()

    assert record_of(nora).status == UNAUTHORISED
    assert record_of(nora).is_final
    assert not sent()


def test_a_superuser_of_the_command_line_is_not_looked_up() -> None:
    ana = User.objects.create_superuser("900555001", "x", full_name="Ana")

    assert not CedulaInfo.objects.due(timezone.now()).filter(user=ana).exists()


@pytest.mark.parametrize("purposes", [(Purpose.ACCOUNT,), (Purpose.ACCOUNT, Purpose.CONTACT_BY_LEADER)])
def test_agreeing_to_something_else_is_no_consent_to_a_lookup(nora: User, purposes: tuple[Purpose, ...]) -> None:
    make.agree(nora, *purposes)

    assert record_of(nora).status == UNAUTHORISED


@pytest.mark.parametrize(("channel", "reason"), [(Channel.LINK, Reason.REGISTRATION), (Channel.OWN, Reason.OWN)])
def test_consent_asks_for_the_first_lookup(
    nora: User, channel: Channel, reason: Reason, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        consents.give(user=nora, agreement=Agreement(Policy.objects.current()), channel=channel)

    record = record_of(nora)
    assert (record.status, record.reason, record.requested_by) == (Status.PENDING, reason, nora)
    assert claims.claim(user_id=nora.pk, now=timezone.now()) is not None
    assert sent() == [nora.pk]


def test_consenting_again_asks_nothing_again(record: CedulaInfo, caro: User) -> None:
    look_up(record, PLACE)
    consents.give(user=caro, agreement=Agreement(make.policy("## Nueva")), channel=Channel.OWN)

    assert record_of(caro).status == Status.ACTIVE


def ways_to_ask(user: User) -> dict[str, Any]:
    leader = User.objects.filter(is_superuser=True).first() or make.person(is_superuser=True)
    record, now = record_of(user), timezone.now() + timedelta(hours=1)
    everybody = CedulaInfo.objects.filter(pk=record.pk)
    return {
        "a request": lambda: actions.request_lookup(record=record, requested_by=user, reason=Reason.OWN, now=now),
        "a leader's request": lambda: actions.request_lookup(
            record=record, requested_by=leader, reason=Reason.LEADER, now=now
        ),
        "a mark": lambda: bulk.refresh_marked(records=everybody, requested_by=leader, now=now),
        "a request for all": lambda: bulk.refresh_all(records=everybody, requested_by=leader, now=now),
        "making a record": lambda: actions.create_record(user=user),
        "the rescue": lambda: rescue.rescue_all(now=now),
        "a message": lambda: claims.claim(user_id=user.pk, now=now),
        "a worker": lambda: claim_next(now),
        "evidence": lambda: evidence.replay_all(now=now),
        "by hand": lambda: assisted.record_assisted(record=record, answer=PLACE, actor=leader, now=now),
    }


WAYS = [
    *("a request", "a leader's request", "a mark", "a request for all"),
    *("making a record", "the rescue", "a message", "a worker", "evidence", "by hand"),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("who", ["never agreed", "withdrew", "withdrew while waiting"])
def test_nothing_has_somebody_asked_about_without_their_consent(nora: User, way: str, who: str) -> None:
    if who != "never agreed":
        make.agree(nora)
    if who == "withdrew":
        look_up(record_of(nora), PLACE)
    if who != "never agreed":
        withdraw(nora)

    try:
        ways_to_ask(nora)[way]()
    except actions.NotAuthorisedError:
        assert "request" in way
    assert record_of(nora).status == UNAUTHORISED
    assert not CedulaInfo.objects.due(NOW).filter(user=nora).exists()
    assert not LookupAttempt.objects.filter(record__user=nora).exists()


def test_somebody_of_a_fixture_without_a_record_gets_one_that_asks_nothing(nora: User) -> None:
    CedulaInfo.objects.filter(user=nora).delete()
    rescue.rescue_all(now=timezone.now())

    assert record_of(nora).status == UNAUTHORISED


@pytest.mark.parametrize("status", [Status.PENDING, *FINAL])
def test_a_record_of_a_fixture_is_not_asked_about_without_consent(nora: User, status: Status) -> None:
    put(nora, status)
    with pytest.raises(actions.NotAuthorisedError):
        actions.request_lookup(record=record_of(nora), requested_by=nora, reason=Reason.OWN, now=NOW)

    assert claims.claim(user_id=nora.pk, now=NOW) is None
    CedulaInfo.objects.exclude(user=nora).delete()
    assert claim_next() is None
    assert record_of(nora).status in {UNAUTHORISED, status} - {Status.PENDING}


def test_nobody_is_offered_to_be_looked_up_by_hand_without_consent(nora: User, caro: User, ana: User) -> None:
    CedulaInfo.objects.exclude(user__in=[nora, caro]).delete()

    assert assisted.waiting_for(ana) == 1
    assert assisted.next_for(ana).user == caro  # type: ignore[union-attr]


def test_a_record_of_a_fixture_takes_no_answer_by_hand_without_consent(nora: User, ana: User) -> None:
    record = put(nora, Status.ERROR)

    assert not assisted.record_assisted(record=record, answer=PLACE, actor=ana, now=NOW)


def test_whoever_waits_behind_such_a_record_is_not_kept_waiting_by_it(nora: User, caro: User) -> None:
    put(nora, Status.PENDING, next_at=NOW - timedelta(days=1))
    CedulaInfo.objects.exclude(user__in=[nora, caro]).delete()

    taken = claim_next()
    assert taken is not None
    assert taken[0].user_id == caro.pk


@pytest.mark.parametrize(
    "fields",
    [
        {"answer_status": Status.NOT_FOUND, "fetched_at": NOW},
        {"municipio": "PASTO"},
        {"puesto": "IE EL SAUCE"},
        {"novedad": "Cancelada por Muerte"},
        {"raw_response": "<p>", "evidence_at": NOW},
        {"error_message": "No pudimos."},
        {"captcha_task": "79000000001"},
        {"status": "SOMETHING"},
    ],
    ids=str,
)
def test_the_database_lets_a_record_without_consent_hold_nothing(nora: User, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CedulaInfo.objects.filter(user=nora).update(**fields)


# Withdrawing


def test_withdrawing_forgets_the_answer_the_evidence_and_every_attempt(record: CedulaInfo, caro: User) -> None:
    fail_for_good(record, Failure(FailureKind.PARSE_ERROR, "x", "<p>something</p>"))
    put(caro, Status.ACTIVE)
    after = withdraw(caro)

    assert (after.status, after.answer_status, after.puesto, after.mesa, after.fetched_at) == ("", "", "", "", None)
    assert (after.raw_response, after.evidence_at, after.error_message, after.requested_by) == ("", None, "", None)
    assert not LookupAttempt.objects.filter(record=record).exists()


def test_withdrawing_something_else_leaves_the_answer(record: CedulaInfo, caro: User) -> None:
    look_up(record, PLACE)
    consents.withdraw(user=caro, purpose=Purpose.CONTACT_BY_LEADER)

    assert record_of(caro).status == Status.ACTIVE


def test_who_withdraws_is_in_no_request_for_many_any_more(caro: User, beto: User) -> None:
    put(caro, Status.ERROR)
    one = bulk.refresh_all(
        records=CedulaInfo.objects.filter(user=caro), requested_by=beto, now=timezone.now() + timedelta(hours=1)
    )
    assert one is not None
    withdraw(caro)

    assert bulk.running_for(beto) is None
    assert bulk.cancel(bulk=BulkRefresh.objects.get(), now=NOW) == 0
    record = record_of(caro)
    assert (record.status, record.bulk, record.status_before, record.message_before) == ("", None, "", "")


def test_a_page_that_is_about_to_be_opened_stays_closed(record: CedulaInfo, caro: User) -> None:
    claimed = claim(record)
    withdraw(caro)

    with pytest.raises(ClaimLostError):
        begin_again(claimed)


def test_a_form_that_waits_for_its_captcha_is_not_sent(record: CedulaInfo, caro: User) -> None:
    claimed = begin_again(claim(record))
    claims.keep_captcha(claimed=claimed, task_id="79000000001", source="practice")
    withdraw(caro)

    with pytest.raises(ClaimLostError):
        claims.drop_captcha(claimed=claimed)


ENDINGS = {
    "an answer": lambda claimed: outcomes.record_outcome(claimed=claimed, outcome=PLACE, source="practice", now=NOW),
    "a failure": lambda claimed: outcomes.record_outcome(claimed=claimed, outcome=BLOCKED, source="practice", now=NOW),
    "an interruption": interrupt,
    "a release": lambda claimed: outcomes.release(claimed=claimed, source="practice", now=NOW),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("what", ["withdraws", "is erased"])
def test_nothing_is_stored_of_who_leaves_while_they_are_asked_about(
    record: CedulaInfo, caro: User, ending: str, what: str
) -> None:
    claimed = claim(record)
    if what == "withdraws":
        withdraw(caro)
    else:
        User.objects.get(pk=caro.pk).delete()

    assert not ENDINGS[ending](claimed)
    assert not LookupAttempt.objects.exists()
    assert not CedulaInfo.objects.filter(user_id=caro.pk).exclude(status=UNAUTHORISED).exists()


def test_a_claim_that_ran_out_of_who_withdrew_is_not_rescued(record: CedulaInfo, caro: User) -> None:
    claim(record)
    withdraw(caro)
    rescue.rescue_all(now=NOW + CLAIM + SECOND)

    assert record_of(caro).status == UNAUTHORISED
    assert not LookupAttempt.objects.exists()


def test_consenting_again_after_a_withdrawal_waits_for_the_cooldown(caro: User) -> None:
    withdraw(caro)
    make.agree(caro, Purpose.CENSUS_LOOKUP)

    record = record_of(caro)
    assert record.status == Status.PENDING
    assert timedelta(seconds=25) < record.next_at - timezone.now() <= timedelta(seconds=30)


def test_consents_that_are_loaded_from_a_fixture_leave_the_records_to_the_fixture(nora: User) -> None:
    act = make.consent(nora, Purpose.CENSUS_LOOKUP, Policy.objects.current())
    act.save_base(raw=True)

    assert Consent.objects.filter(user=nora).exists()
    assert record_of(nora).status == UNAUTHORISED


# What people see


@pytest.fixture
def as_nora(client: Client, nora: User) -> Client:
    client.force_login(nora)
    return client


def test_without_consent_one_reads_that_it_is_missing_and_nothing_turns_round(as_nora: Client) -> None:
    page = as_nora.get("/censo/").content.decode()

    assert 'data-status=""' in page
    assert "Falta su autorización" in page
    assert "Autorizar la consulta" in page
    for text in ("every ", "/censo/actualizar/", "ticket-blank", 'class="walk"', "Posición"):
        assert text not in page


def test_the_section_costs_as_many_queries_as_any_other(as_nora: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(3):
        as_nora.get("/censo/")


def test_asking_all_the_same_says_what_is_missing(as_nora: Client, nora: User) -> None:
    reply = as_nora.post("/censo/actualizar/", headers=HTMX)

    assert reply.status_code == 200
    assert toast(reply) == {"message": "Primero autorice la consulta de su cédula.", "type": "warning"}
    assert 'data-status=""' in reply.content.decode()
    assert as_nora.post("/censo/actualizar/")["Location"] == "/perfil/"


def test_without_a_record_one_reads_the_same(as_nora: Client, nora: User) -> None:
    CedulaInfo.objects.filter(user=nora).delete()

    assert "Falta su autorización" in as_nora.get("/perfil/").content.decode()


def test_nobody_who_has_withdrawn_is_told_a_verdict(caro: User) -> None:
    look_up(record_of(caro), NotFound())
    record = withdraw(caro)

    assert (record.wording.badge, record.answer_wording) == ("Sin autorización", None)
    assert not record.has_answer
