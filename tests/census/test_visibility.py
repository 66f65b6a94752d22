"""Who may see whose census record: one queryset that every page goes through."""

from vereda.accounts.models import User
from vereda.census.models import CedulaInfo


def seen_by(viewer: User) -> set[str]:
    return {record.user.first_name for record in CedulaInfo.objects.visible_to(viewer)}


def test_a_person_sees_their_own_record_only(caro: User, eva: User) -> None:
    assert seen_by(caro) == {"Caro"}


def test_a_leader_sees_also_whom_they_invited(beto: User, caro: User, eva: User) -> None:
    assert seen_by(beto) == {"Beto", "Caro"}


def test_a_person_who_invited_somebody_but_leads_nobody_sees_no_answers_of_others(caro: User, beto: User) -> None:
    beto.referred_by = caro
    beto.save()

    assert seen_by(caro) == {"Caro"}


def test_a_superuser_sees_everybody(ana: User, beto: User, caro: User, eva: User) -> None:
    assert seen_by(ana) == {"Ana", "Beto", "Caro", "Dani", "Eva"}


def test_people_see_themselves_and_whom_they_invited(beto: User, caro: User, eva: User) -> None:
    assert set(User.objects.visible_to(beto)) == {beto, caro}
