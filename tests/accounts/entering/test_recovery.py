"""A link for a new password: once, for 30 minutes, and what ends it before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.http import int_to_base36
from time_machine import travel

from tests import make
from tests.accounts.entering.test_open_sessions import is_open, logged_in
from tests.conftest import ReadOnlyOnGetClient
from vereda.accounts import audit
from vereda.accounts.entering import recovery
from vereda.accounts.models import AuditEntry, PersonSession, User

NEW = "otro-sendero-largo"
TYPED = {"new_password1": NEW, "new_password2": NEW}
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


@pytest.fixture
def token(beto: User, caro: User) -> str:
    """What Beto gave Caro."""
    return issue(caro, beto)


def issue(person: User, issuer: User) -> str:
    return recovery.issue(person=person, issuer=issuer, now=timezone.now())


def follow(client: Client, token: str) -> Any:
    """Open a link, and return the page that it leads to."""
    return client.get(f"/recuperar/{token}/", follow=True)


def choose(client: Client, **typed: str) -> Any:
    return client.post("/recuperar/", {**TYPED, **typed})


def has_password(person: User, password: str) -> bool:
    return User.objects.get(pk=person.pk).check_password(password)


def test_a_link_leads_to_a_new_password_and_to_the_login(client: Client, caro: User, token: str) -> None:
    follow(client, token)
    answer = choose(client)

    assert answer["Location"] == "/ingresar/"
    assert has_password(caro, NEW)
    assert "Su clave quedó cambiada." in client.get("/ingresar/").content.decode()


def test_it_logs_nobody_in(client: Client, token: str) -> None:
    follow(client, token)
    choose(client)

    assert "_auth_user_id" not in client.session


def test_it_ends_every_session_of_the_person_and_none_of_others(beto: User, caro: User, eva: User) -> None:
    phone, of_eva, anonymous = logged_in(caro), logged_in(eva), ReadOnlyOnGetClient()
    follow(anonymous, issue(caro, beto))
    choose(anonymous)

    assert [is_open(client) for client in (phone, of_eva)] == [False, True]
    assert not PersonSession.objects.filter(person_id=caro.pk).exists()


def test_who_is_logged_in_here_is_logged_out(beto: User, caro: User) -> None:
    with travel(NOON, tick=False):
        of_caro, of_beto = logged_in(caro), logged_in(beto)
    with travel(NOON + timedelta(minutes=11), tick=False):
        for here in (of_caro, of_beto):
            caro.refresh_from_db()
            follow(here, issue(caro, beto))

            assert choose(here)["Location"] == "/ingresar/"
            assert here.get("/ingresar/").status_code == 200


def test_the_token_leaves_the_address_at_once_and_scripts_never_see_it(client: Client, token: str) -> None:
    answer = client.get(f"/recuperar/{token}/")

    cookie = answer.cookies["recuperar"]
    assert (answer.status_code, answer["Location"]) == (302, "/recuperar/")
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/recuperar/")
    assert cookie["max-age"] == 30 * 60
    for reply in (answer, client.get("/recuperar/")):
        assert "no-store" in reply["Cache-Control"]
        assert token not in reply.content.decode()


def test_looking_uses_nothing_up(client: Client, caro: User, token: str) -> None:
    for _ in range(3):
        assert follow(ReadOnlyOnGetClient(), token).status_code == 200
    follow(client, token)
    choose(client)

    assert has_password(caro, NEW)


def test_nothing_of_a_token_is_stored(caro: User, token: str) -> None:
    stored = str(User.objects.filter(pk=caro.pk).values().get()) + str(list(AuditEntry.objects.values()))

    assert token.rsplit("-", 1)[-1] not in stored


def test_it_works_once(client: Client, caro: User, token: str) -> None:
    other = ReadOnlyOnGetClient()
    follow(client, token)
    follow(other, token)
    choose(client)

    assert choose(other, new_password1="x-y-z-1-2-3", new_password2="x-y-z-1-2-3").status_code == 410
    assert follow(ReadOnlyOnGetClient(), token).status_code == 410
    assert has_password(caro, NEW)


def test_of_two_at_the_same_moment_one_gets_through(client: Client, caro: User, token: str) -> None:
    assert recovery.use(token=token, password=NEW)
    assert not recovery.use(token=token, password="x-y-z-1-2-3")
    assert has_password(caro, NEW)


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (31, 410)])
def test_it_works_for_30_minutes(client: Client, beto: User, caro: User, minutes: int, status: int) -> None:
    with travel(NOON, tick=False):
        token = issue(caro, beto)
    with travel(NOON + timedelta(minutes=minutes), tick=False):
        assert follow(client, token).status_code == status


def log_in(caro: User, beto: User) -> None:
    logged_in(caro)


def get_another_link(caro: User, beto: User) -> None:
    issue(caro, beto)


def change_the_password(caro: User, beto: User) -> None:
    caro.set_password("un-tercer-sendero")
    caro.save()


def become_a_leader(caro: User, beto: User) -> None:
    caro.role = User.Role.LEADER
    caro.save()


def become_staff(caro: User, beto: User) -> None:
    caro.is_staff = True
    caro.save()


def be_deactivated(caro: User, beto: User) -> None:
    caro.is_active = False
    caro.save()


def go(caro: User, beto: User) -> None:
    caro.delete()


@pytest.mark.parametrize(
    "happen",
    [log_in, get_another_link, change_the_password, become_a_leader, become_staff, be_deactivated, go],
    ids=lambda happen: happen.__name__,
)
def test_it_ends_before(client: Client, beto: User, caro: User, token: str, happen: Any) -> None:
    assert follow(client, token).status_code == 200
    caro.refresh_from_db()
    happen(caro, beto)

    assert choose(client).status_code == 410
    assert not User.objects.filter(pk=caro.pk, password="").exists()
    assert not User.objects.filter(pk=caro.pk).exists() or not has_password(caro, NEW)


@pytest.mark.parametrize("token", ["a-b-c", "x", "1-dijo0-0", "9" * 60, "zzzzzzzzzzzzz-a-b", "-", "_", "0-0-0"])
def test_what_is_no_token_opens_nothing(client: Client, db: None, token: str) -> None:
    assert follow(client, token).status_code == 410


def test_a_token_of_one_person_is_none_of_another(client: Client, caro: User, eva: User, token: str) -> None:
    _, _, rest = token.partition("-")

    assert follow(client, f"{int_to_base36(eva.pk)}-{rest}").status_code == 410


def test_without_a_link_one_is_shown_where_to_get_one(client: Client, db: None) -> None:
    answer = client.get("/recuperar/")

    assert answer.status_code == 410
    assert "Pida a su líder que le dé otro" in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"new_password1": "x-9", "new_password2": "x-9"}, "new_password1"),
        ({"new_password2": "distinta-de-la-otra"}, "new_password2"),
        ({"new_password1": "caro-bermudez", "new_password2": "caro-bermudez"}, "new_password1"),
    ],
)
def test_a_bad_password_is_refused_and_the_link_lives_on(
    client: Client, caro: User, token: str, typed: dict[str, str], field: str
) -> None:
    follow(client, token)
    refused = choose(client, **typed)

    assert (refused.status_code, list(refused.context["form"].errors)) == (200, [field])
    assert has_password(caro, make.PASSWORD)
    assert choose(client).status_code == 302


def test_the_page_greets_by_the_first_name_and_tells_nothing_else(client: Client, caro: User, token: str) -> None:
    page = follow(client, token).content.decode()

    assert "Hola, Caro." in page
    for secret in ("Bermúdez", caro.cedula):
        assert secret not in page


def test_who_gave_it_and_that_it_was_used_stand_in_the_audit(
    client: Client, beto: User, caro: User, token: str
) -> None:
    follow(client, token)
    choose(client)

    entries = AuditEntry.objects.order_by("pk").values_list("action", "actor", "person", "detail")
    assert list(entries) == [
        ("reset_link_issued", beto.pk, caro.pk, ""),
        ("password_changed", None, caro.pk, "con un enlace"),
    ]
    assert audit.verify().number == 2


def test_what_is_not_used_leaves_no_trace_of_use(client: Client, token: str) -> None:
    follow(client, token)

    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("helper", "person", "is_allowed"),
    [
        ("beto", "caro", True),
        ("beto", "beto", False),
        ("beto", "dani", False),
        ("beto", "ana", False),
        ("caro", "fabio", False),
        ("ana", "caro", True),
        ("ana", "beto", True),
        ("ana", "other superuser", True),
        ("ana", "ana", False),
        ("ana", "inactive", False),
        ("beto", "clerk", False),
    ],
)
def test_who_may_help_whom(
    ana: User, beto: User, caro: User, dani: User, helper: str, person: str, is_allowed: bool
) -> None:
    cast = {
        "ana": ana,
        "beto": beto,
        "caro": caro,
        "dani": dani,
        "fabio": make.person("Fabio", referred_by=caro),
        "other superuser": make.person("Otra", is_superuser=True),
        "inactive": make.person("Nadie", is_active=False),
        "clerk": make.person("Oficina", is_staff=True, referred_by=beto),
    }

    assert recovery.may_help(cast[helper], cast[person]) is is_allowed


def test_the_login_says_where_to_get_one(client: Client, db: None) -> None:
    assert "Pida a su líder un enlace" in client.get("/ingresar/").content.decode()
