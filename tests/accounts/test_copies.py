"""Copies for searching and listing: the folded name, and who invited a person in their census record. Always true."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests import make
from vereda.accounts.forms import ProfileForm
from vereda.accounts.models import User
from vereda.census.models import CedulaInfo
from vereda.lib.text import fold

pytestmark = pytest.mark.django_db
type Change = Callable[[User, User], object]


def test_a_new_person_is_found_by_their_name_without_accents_and_case(db: None) -> None:
    nora = make.person("NORA  Muñoz d’Ávila")

    nora.refresh_from_db()
    assert nora.folded_name == "nora munoz d'avila"


def test_people_who_are_made_in_bulk_are_found_too(db: None) -> None:
    User.objects.bulk_create([User(cedula=f"90000{n}", full_name=f"Íngrid {n}") for n in range(2)])

    assert sorted(User.objects.values_list("folded_name", flat=True)) == ["ingrid 0", "ingrid 1"]


def test_the_longest_name_that_folding_makes_longer_fits(db: None) -> None:
    nora = make.person("ﬃ" * 120)

    nora.refresh_from_db()
    assert nora.folded_name == "ffi" * 120


def rename_and_save(person: User) -> None:
    person.full_name = "Íngrid Peña"
    person.save()


def rename_and_save_that_only(person: User) -> None:
    person.full_name = "Íngrid Peña"
    person.save(update_fields=["full_name"])


def rename_in_the_form(person: User) -> None:
    typed = {"full_name": "Íngrid Peña", "phone": "300 123 4567", "referral_goal": "10"}
    ProfileForm(typed, instance=person).save()


def rename_by_update_or_create(person: User) -> None:
    User.objects.update_or_create(cedula=person.cedula, defaults={"full_name": "Íngrid Peña"})


def rename_what_was_read_in_part(person: User) -> None:
    part = User.objects.only("full_name").get(pk=person.pk)
    part.full_name = "Íngrid Peña"
    part.save()


RENAMINGS = [
    rename_and_save,
    rename_and_save_that_only,
    rename_in_the_form,
    rename_by_update_or_create,
    rename_what_was_read_in_part,
]


@pytest.mark.parametrize("rename", RENAMINGS)
def test_whoever_changes_their_name_is_found_by_the_new_one(caro: User, rename: Callable[[User], None]) -> None:
    rename(caro)

    caro.refresh_from_db()
    assert (caro.full_name, caro.folded_name) == ("Íngrid Peña", "ingrid pena")


def test_the_profile_page_changes_the_folded_name(as_caro: Client, caro: User) -> None:
    as_caro.post("/perfil/", {"full_name": "Íngrid Peña", "phone": "300 123 4567", "referral_goal": "10"})

    caro.refresh_from_db()
    assert caro.folded_name == fold(caro.full_name) == "ingrid pena"


def test_saving_another_field_alone_writes_no_name(caro: User) -> None:
    caro.full_name = "Nobody"
    caro.save(update_fields=["phone"])

    caro.refresh_from_db()
    assert (caro.full_name, caro.folded_name) == ("Caro Bermúdez", "caro bermudez")


def test_saving_another_field_alone_leaves_the_person_at_hand_as_they_were(caro: User) -> None:
    caro.save(update_fields=["phone"])

    assert caro.folded_name == "caro bermudez"


@pytest.mark.parametrize("name", ["full_name", "referred_by", "referred_by_id"])
def test_an_update_of_what_has_a_copy_is_refused(caro: User, beto: User, dani: User, name: str) -> None:
    value = {"full_name": "Íngrid", "referred_by": dani, "referred_by_id": dani.pk}[name]

    with pytest.raises(TypeError, match=f"save each person to change {name}"):
        User.objects.filter(pk=caro.pk).update(**{name: value})

    caro.refresh_from_db()
    assert (caro.full_name, caro.referred_by) == ("Caro Bermúdez", beto)


@pytest.mark.parametrize("name", ["full_name", "referred_by"])
def test_an_update_in_bulk_of_what_has_a_copy_is_refused(caro: User, name: str) -> None:
    with pytest.raises(TypeError, match=f"save each person to change {name}"):
        User.objects.bulk_update([caro], [name])


def test_an_update_through_a_leaders_referrals_is_refused(beto: User, caro: User) -> None:
    with pytest.raises(TypeError, match="full_name"):
        beto.referrals.update(full_name="Íngrid")


def test_an_update_of_anything_else_goes_through(caro: User) -> None:
    assert User.objects.filter(pk=caro.pk).update(phone="+573001234567") == 1


def assert_records_know_who_invited() -> None:
    """Every record's copy of who invited the person is what the person's row says."""
    records = CedulaInfo.objects.select_related("user")
    copies = {record.user.full_name: record.referred_by_id for record in records}
    assert copies == {record.user.full_name: record.user.referred_by_id for record in records}


def test_a_new_persons_record_knows_who_invited_them(caro: User, beto: User) -> None:
    assert caro.cedula_info.referred_by == beto
    assert_records_know_who_invited()


def save(caro: User, dani: User | None) -> None:
    caro.referred_by = dani
    caro.save()


def save_that_only(caro: User, dani: User | None) -> None:
    caro.referred_by = dani
    caro.save(update_fields=["referred_by"])


def save_the_column_only(caro: User, dani: User | None) -> None:
    caro.referred_by_id = dani.pk if dani else None
    caro.save(update_fields=["referred_by_id"])


def save_what_was_read_in_part(caro: User, dani: User | None) -> None:
    part = User.objects.only("referred_by").get(pk=caro.pk)
    part.referred_by = dani
    part.save()


def update_or_create(caro: User, dani: User | None) -> None:
    User.objects.update_or_create(cedula=caro.cedula, defaults={"referred_by": dani})


@pytest.mark.parametrize("is_taken_away", [False, True], ids=["given to another", "taken away"])
@pytest.mark.parametrize(
    "change", [save, save_that_only, save_the_column_only, save_what_was_read_in_part, update_or_create]
)
def test_the_record_follows_when_somebody_else_invited(
    caro: User, dani: User, change: Callable[[User, User | None], None], is_taken_away: bool
) -> None:
    inviter = None if is_taken_away else dani
    change(caro, inviter)

    caro.refresh_from_db()
    assert caro.referred_by == inviter
    assert_records_know_who_invited()


def test_saving_another_field_alone_changes_no_inviter(caro: User, dani: User, beto: User) -> None:
    caro.referred_by = dani
    caro.save(update_fields=["phone"])

    assert CedulaInfo.objects.get(user=caro).referred_by == beto
    assert_records_know_who_invited()


def add(leader: User, person: User) -> None:
    leader.referrals.add(person)


def add_one_by_one(leader: User, person: User) -> None:
    leader.referrals.add(person, bulk=False)


def set_to_one(leader: User, person: User) -> None:
    leader.referrals.set([person])


def set_one_by_one(leader: User, person: User) -> None:
    leader.referrals.set([person], bulk=False)


@pytest.mark.parametrize("change", [add, add_one_by_one, set_to_one, set_one_by_one])
def test_giving_a_leader_referrals_is_refused_or_the_records_follow(dani: User, caro: User, change: Change) -> None:
    try:
        with transaction.atomic():
            change(dani, caro)
    except TypeError:
        assert not dani.referrals.exists()
    assert_records_know_who_invited()


def remove(leader: User, person: User) -> None:
    leader.referrals.remove(person)


def remove_one_by_one(leader: User, person: User) -> None:
    leader.referrals.remove(person, bulk=False)


def clear(leader: User, _: User) -> None:
    leader.referrals.clear()


def set_to_nobody(leader: User, _: User) -> None:
    leader.referrals.set([])


def update_to_nobody(leader: User, _: User) -> None:
    leader.referrals.update(referred_by=None)


@pytest.mark.parametrize("change", [remove, remove_one_by_one, clear, set_to_nobody, update_to_nobody])
def test_taking_referrals_from_a_leader_is_refused_or_the_records_follow(
    beto: User, caro: User, change: Change
) -> None:
    try:
        with transaction.atomic():
            change(beto, caro)
    except TypeError:
        assert list(beto.referrals.all()) == [caro]
    assert_records_know_who_invited()


def delete(leader: User) -> None:
    leader.delete()


def delete_by_query(leader: User) -> None:
    User.objects.filter(pk=leader.pk).delete()


@pytest.mark.parametrize("remove_leader", [delete, delete_by_query])
def test_when_a_leader_is_deleted_nobody_invited_their_people(
    beto: User, caro: User, remove_leader: Callable[[User], Any]
) -> None:
    remove_leader(beto)

    caro.refresh_from_db()
    assert (caro.referred_by, caro.cedula_info.referred_by) == (None, None)
    assert_records_know_who_invited()


def test_when_several_leaders_are_deleted_at_once_nobody_invited_their_people(
    beto: User, dani: User, caro: User, eva: User
) -> None:
    User.objects.filter(role=User.Role.LEADER).delete()

    assert set(User.objects.values_list("full_name", "referred_by")) == {
        ("Ana Peñaranda", None),
        ("Caro Bermúdez", None),
        ("Eva D’Angelo", None),
    }
    assert_records_know_who_invited()
