"""People who withdraw or leave at the very moment at which a worker is at them: nobody hangs, and nothing is stored."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from tests import make
from tests.census.worker.attempts import PLACE, begin_again
from tests.census.worker.threads import at_once
from vereda.accounts import consents
from vereda.accounts.models import Purpose, User
from vereda.census.models import CedulaInfo, LookupAttempt
from vereda.census.statuses import UNAUTHORISED
from vereda.census.worker import claims, outcomes
from vereda.census.worker.claims import ClaimLostError
from vereda.rights import erasure

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 12


def withdraw(person: User) -> None:
    consents.withdraw(user=person, purpose=Purpose.CENSUS_LOOKUP)


def erase(person: User) -> None:
    erasure.erase(person=person, actor=person, now=timezone.now())


def two_at_once(first: Callable[[], Any], second: Callable[[], Any]) -> None:
    """Do both at the same moment, each on a thread of its own. Raises what one of them raises."""
    waiting = [first, second]

    def take_one() -> None:
        waiting.pop()()

    at_once(2, take_one)


@pytest.mark.parametrize("leave", [withdraw, erase])
def test_an_answer_that_comes_as_they_leave_is_not_kept(leave: Callable[[User], None]) -> None:
    for _ in range(ROUNDS):
        leader = make.leader("Beto")
        person = make.person(referred_by=leader)
        claimed = claims.claim(user_id=person.pk, now=timezone.now())
        assert claimed is not None
        two_at_once(
            lambda: outcomes.record_outcome(claimed=claimed, outcome=PLACE, source="practice", now=timezone.now()),  # noqa: B023
            lambda: leave(person),  # noqa: B023
        )

        assert not CedulaInfo.objects.filter(user_id=person.pk).exclude(status=UNAUTHORISED).exists()
        assert not LookupAttempt.objects.filter(record_id=claimed.record_id).exists()


def test_a_worker_that_takes_somebody_as_they_withdraw_opens_no_page() -> None:
    for _ in range(ROUNDS):
        person, taken = make.person(), []
        two_at_once(
            lambda: taken.append(claims.claim(user_id=person.pk, now=timezone.now())),  # noqa: B023
            lambda: withdraw(person),  # noqa: B023
        )

        assert CedulaInfo.objects.get(user=person).status == UNAUTHORISED
        if taken[0] is not None:
            with pytest.raises(ClaimLostError):
                begin_again(taken[0], timezone.now())


def test_a_leader_leaves_as_answers_about_their_people_come() -> None:
    for _ in range(ROUNDS):
        leader = make.leader("Beto")
        person = make.person(referred_by=leader)
        CedulaInfo.objects.filter(user=person).update(requested_by=leader)
        claimed = claims.claim(user_id=person.pk, now=timezone.now())
        assert claimed is not None
        two_at_once(
            lambda: outcomes.record_outcome(claimed=claimed, outcome=PLACE, source="practice", now=timezone.now()),  # noqa: B023
            lambda: erase(leader),  # noqa: B023
        )

        record = CedulaInfo.objects.get(user=person)
        assert (record.referred_by, record.requested_by, record.status) == (None, None, "ACTIVE")


def test_of_two_superusers_who_leave_at_once_one_stays() -> None:
    for _ in range(ROUNDS):
        User.objects.filter(is_superuser=True).delete()
        pair = [make.person(is_superuser=True) for _ in range(2)]
        refused: list[bool] = []

        def leave(person: User) -> None:
            try:
                erase(person)
            except erasure.LastSuperuserError:
                refused.append(True)  # noqa: B023

        two_at_once(lambda: leave(pair[0]), lambda: leave(pair[1]))  # noqa: B023
        assert refused == [True]
        assert User.objects.filter(is_superuser=True).count() == 1


def test_who_gives_and_withdraws_at_once_has_the_one_that_was_last() -> None:
    person = make.person()
    for _ in range(ROUNDS):
        two_at_once(lambda: make.agree(person, Purpose.CENSUS_LOOKUP), lambda: withdraw(person))

        is_allowed = consents.current_consents(person).allows(Purpose.CENSUS_LOOKUP)
        assert (CedulaInfo.objects.get(user=person).status != UNAUTHORISED) is is_allowed
