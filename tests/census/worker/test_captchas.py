"""Captchas cost money: one that was bought is used by the next attempt, and a lookup buys two at most."""

from datetime import timedelta

import pytest

from tests.census.worker.attempts import BLOCKED, CLAIM, NOW, PLACE, SECOND, claim, interrupt, look_up
from vereda.accounts.models import User
from vereda.census import actions
from vereda.census.models import CedulaInfo, Reason
from vereda.census.statuses import Status
from vereda.census.worker import claims, outcomes, rescue
from vereda.census.worker.claims import Claim, ClaimLostError

pytestmark = pytest.mark.django_db


@pytest.fixture
def record(caro: User) -> CedulaInfo:
    return caro.cedula_info


def buy(claimed: Claim, task_id: str = "79000000001") -> Claim:
    claims.keep_captcha(claimed=claimed, task_id=task_id, source="practice")
    return claimed


def fail(claimed: Claim) -> None:
    outcomes.record_outcome(claimed=claimed, outcome=BLOCKED, source="practice", now=NOW)


def claim_again(record: CedulaInfo) -> Claim:
    record.refresh_from_db()
    return claim(record, record.next_at)


def spend_both(record: CedulaInfo) -> None:
    """Buy a captcha and use it up, twice."""
    for _ in range(2):
        claimed = buy(claim_again(record))
        claims.drop_captcha(claimed=claimed)
        fail(claimed)
    record.refresh_from_db()


def test_a_captcha_is_written_down_before_it_is_waited_for(record: CedulaInfo) -> None:
    buy(claim(record), "79000000001")

    record.refresh_from_db()
    assert (record.captchas, record.captcha_task) == (1, "79000000001")


@pytest.mark.parametrize("end", ["failure", "interruption", "release", "lost"])
def test_a_captcha_that_was_not_used_is_there_for_the_next_attempt(record: CedulaInfo, end: str) -> None:
    claimed = buy(claim(record), "79000000001")
    if end == "failure":
        fail(claimed)
    elif end == "interruption":
        interrupt(claimed)
    elif end == "release":
        outcomes.release(claimed=claimed, source="practice", now=NOW)
    else:
        rescue.rescue_all(now=NOW + CLAIM + SECOND)

    again = claim_again(record)
    assert (again.captchas, again.captcha_task) == (1, "79000000001")


def test_a_captcha_that_was_used_is_not_there_any_more_but_counts(record: CedulaInfo) -> None:
    claimed = buy(claim(record))
    claims.drop_captcha(claimed=claimed)
    fail(claimed)

    again = claim_again(record)
    assert (again.captchas, again.captcha_task) == (1, "")


def test_a_lookup_that_has_used_up_both_its_captchas_is_not_tried_again(record: CedulaInfo) -> None:
    spend_both(record)

    assert (record.status, record.attempts, record.captchas) == (Status.BLOCKED, 2, 2)


def test_both_captchas_used_up_leave_the_last_answer_where_there_is_one(record: CedulaInfo, caro: User) -> None:
    look_up(record, PLACE)
    actions.request_lookup(record=record, requested_by=caro, reason=Reason.OWN, now=NOW)
    spend_both(record)

    assert (record.status, record.puesto) == (Status.ACTIVE, PLACE.puesto)


def test_a_second_captcha_not_used_yet_allows_another_attempt(record: CedulaInfo) -> None:
    claimed = buy(claim(record))
    claims.drop_captcha(claimed=claimed)
    fail(claimed)
    fail(buy(claim_again(record), "79000000002"))

    again = claim_again(record)
    assert (again.captchas, again.captcha_task) == (2, "79000000002")


def test_a_fault_of_ours_after_both_captchas_is_a_failure_that_shows(record: CedulaInfo) -> None:
    claimed = claim(record)
    CedulaInfo.objects.update(captchas=2)
    interrupt(claimed)

    record.refresh_from_db()
    assert record.status == Status.ERROR
    assert "Registraduría" not in record.error_message


def test_asking_again_gives_new_leave_to_buy_and_forgets_what_was_not_used(record: CedulaInfo, caro: User) -> None:
    CedulaInfo.objects.update(losses=3)
    record.refresh_from_db()
    for _ in range(4):
        fail(claim_again(record))
    CedulaInfo.objects.update(captchas=2, captcha_task="79000000002")

    later = NOW + timedelta(days=1)
    assert actions.request_lookup(record=record, requested_by=caro, reason=Reason.OWN, now=later)

    record.refresh_from_db()
    asked = (record.captchas, record.captcha_task, record.attempts, record.losses, record.error_message)
    assert asked == (0, "", 0, 0, "")


def test_an_answer_leaves_no_captcha_behind(record: CedulaInfo) -> None:
    outcomes.record_outcome(claimed=buy(claim(record)), outcome=PLACE, source="practice", now=NOW)

    record.refresh_from_db()
    assert (record.status, record.captcha_task) == (Status.ACTIVE, "")


def test_who_lost_the_claim_keeps_no_captcha_on_somebody_elses(record: CedulaInfo) -> None:
    frozen = claim(record)
    rescue.rescue_all(now=NOW + CLAIM + SECOND)
    buy(claim_again(record), "79000000002")

    buy(frozen, "79000000001")
    with pytest.raises(ClaimLostError):
        claims.drop_captcha(claimed=frozen)

    record.refresh_from_db()
    assert (record.captchas, record.captcha_task) == (1, "79000000002")
