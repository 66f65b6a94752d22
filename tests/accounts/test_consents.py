"""What people consent to: the last act about a purpose holds, and every act stays."""

from typing import Any

import pytest
from django.db import IntegrityError
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests import make
from vereda.accounts import consents
from vereda.accounts.agreements import allows
from vereda.accounts.consents import Agreement, current_consents
from vereda.accounts.models import Channel, Consent, Policy, Purpose, User


@pytest.fixture
def nora(db: None) -> User:
    return make.person_without_consent("Nora Sinisterra")


def held(user: User) -> set[Purpose]:
    return set(current_consents(user).by_purpose)


def test_somebody_who_was_typed_in_has_agreed_to_nothing(nora: User) -> None:
    assert not current_consents(nora).is_member
    assert held(nora) == set()


def test_whoever_agreed_to_something_but_the_account_is_no_member_yet(nora: User) -> None:
    make.agree(nora, Purpose.CENSUS_LOOKUP)

    assert not current_consents(nora).is_member


def test_what_is_given_holds_until_it_is_withdrawn_and_again_when_it_is_given_again(nora: User) -> None:
    make.agree(nora)
    assert held(nora) == set(Purpose)

    consents.withdraw(user=nora, purpose=Purpose.CONTACT_BY_LEADER)
    assert held(nora) == {Purpose.ACCOUNT, Purpose.CENSUS_LOOKUP}

    make.agree(nora, Purpose.CONTACT_BY_LEADER)
    assert held(nora) == set(Purpose)


def test_every_act_stays_with_the_text_that_it_was_about(nora: User) -> None:
    make.agree(nora, Purpose.CENSUS_LOOKUP)
    consents.withdraw(user=nora, purpose=Purpose.CENSUS_LOOKUP, address="203.0.113.9")

    hash_then = Policy.objects.current().text_hash
    assert list(Consent.objects.order_by("pk").values_list("is_given", "policy_hash", "channel", "address")) == [
        (True, hash_then, "web", None),
        (False, hash_then, "own", "203.0.113.9"),
    ]


def test_giving_twice_is_one_act(nora: User) -> None:
    make.agree(nora)
    make.agree(nora)

    assert Consent.objects.filter(user=nora).count() == len(Purpose)


def test_withdrawing_what_does_not_hold_is_none(nora: User) -> None:
    assert consents.withdraw(user=nora, purpose=Purpose.CONTACT_BY_LEADER) is None
    assert not Consent.objects.filter(user=nora).exists()


def test_a_newer_version_is_another_act_and_the_older_one_holds_until_then(nora: User) -> None:
    make.agree(nora)
    newer = make.policy("## Nueva")
    assert not current_consents(nora).has_accepted(newer)
    assert held(nora) == set(Purpose)

    consents.give(user=nora, agreement=Agreement(newer), channel=Channel.OWN)
    assert current_consents(nora).has_accepted(newer)
    assert current_consents(nora).by_purpose[Purpose.CONTACT_BY_LEADER].policy != newer


def test_whether_the_newest_version_was_accepted_is_a_matter_of_the_account(nora: User) -> None:
    make.agree(nora, Purpose.ACCOUNT)
    newer = make.policy("## Nueva")
    consents.give(user=nora, agreement=Agreement(newer, (Purpose.CENSUS_LOOKUP,)), channel=Channel.OWN)

    assert not current_consents(nora).has_accepted(newer)


@pytest.mark.parametrize("fields", [{"purpose": "selling"}, {"channel": "hearsay"}])
def test_the_database_knows_no_other_purpose_or_channel(nora: User, fields: dict[str, Any]) -> None:
    act = make.consent(nora, Purpose.ACCOUNT, Policy.objects.current())
    for name, value in fields.items():
        setattr(act, name, value)

    with pytest.raises(IntegrityError):
        act.save()


def test_what_holds_is_read_by_one_query(nora: User, django_assert_num_queries: Any) -> None:
    make.agree(nora)

    with django_assert_num_queries(1):
        current_consents(nora).has_accepted(Policy(pk=1))


steps = st.lists(st.tuples(st.sampled_from(Purpose), st.booleans()), max_size=8)


class AnyOrder(TestCase):
    """Whatever is given and withdrawn in whatever order: page and query agree, and both with a set kept beside."""

    @given(steps)
    @settings(max_examples=50, deadline=None)
    def test_what_holds_is_the_last_word(self, acts: list[tuple[Purpose, bool]]) -> None:
        user, expected = make.person_without_consent(), set()
        for purpose, is_given in acts:
            if is_given:
                make.agree(user, purpose)
                expected.add(purpose)
            else:
                consents.withdraw(user=user, purpose=purpose)
                expected.discard(purpose)

        asked = {
            one for one in Purpose if User.objects.filter(pk=user.pk).alias(ok=allows(one, person="pk")).filter(ok=True)
        }
        assert held(user) == asked == expected
