"""Setting the second step up, its recovery codes, turning it off, and who must have one."""

import base64
import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests import make
from tests.accounts.entering.second_steps import LATER, NOW, code_of, give_code, give_password, is_in, with_second_step
from vereda.accounts.entering import second_step
from vereda.accounts.models import AuditEntry, User

PAGE = "/perfil/dos-pasos/"


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def as_beto(client: Client, beto: User) -> Client:
    client.force_login(beto)
    return client


@pytest.fixture
def as_ana(client: Client, ana: User, settings: Any) -> Client:
    """Ana, where superusers must have a second step."""
    settings.REQUIRE_SUPERUSER_2FA = True
    client.force_login(ana)
    return client


def codes_on(html: str) -> list[str]:
    return re.findall(r"<code>(.*?)</code>", html)


def sure(user: User, **changes: str) -> dict[str, str]:
    """Password and code."""
    return {"password": make.PASSWORD, "code": code_of(user), **changes}


def test_it_is_set_up_by_a_code_and_the_next_login_asks_for_one(as_beto: Client, beto: User, clock: Any) -> None:
    assert as_beto.post(f"{PAGE}empezar/")["Location"] == PAGE
    page = as_beto.post(f"{PAGE}activar/", {"code": code_of(beto)}).content.decode()

    assert len(set(codes_on(page))) == 10
    clock.shift(LATER)
    other = Client()
    give_password(other, beto)
    assert not is_in(other)
    give_code(other, codes_on(page)[0])
    assert is_in(other)


def test_the_page_shows_the_secret_as_text_and_as_a_qr_code_that_names_no_cedula(as_beto: Client, beto: User) -> None:
    as_beto.post(f"{PAGE}empezar/")
    page = as_beto.get(PAGE).content.decode()
    device = TOTPDevice.objects.get(user=beto)
    secret = re.search(r'id="secreto">(.*?)</p>', page)

    assert secret
    assert base64.b32decode("".join(re.findall("[A-Z2-7]{4}", secret[1]))) == device.bin_key
    assert 'aria-label="Código QR' in page
    assert "<svg" in page
    address = second_step.address_of(device)
    assert address.startswith("otpauth://totp/Vereda:Beto%20Qui%C3%B1ones?secret=")
    assert beto.cedula not in address


def test_nothing_is_asked_for_until_a_code_was_right(as_beto: Client, beto: User) -> None:
    as_beto.post(f"{PAGE}empezar/")
    answer = as_beto.post(f"{PAGE}activar/", {"code": "000000"})

    assert answer.context["form"].errors["code"]
    assert "<svg" in answer.content.decode()
    other = Client()
    give_password(other, beto)
    assert is_in(other)


def test_an_empty_code_is_a_sentence(as_beto: Client) -> None:
    as_beto.post(f"{PAGE}empezar/")

    assert "Escriba el código." in as_beto.post(f"{PAGE}activar/", {"code": ""}).content.decode()


def test_a_code_before_there_is_a_secret_is_wrong(as_beto: Client, beto: User) -> None:
    answer = as_beto.post(f"{PAGE}activar/", {"code": "123456"})

    assert answer.context["form"].errors["code"]
    beto.refresh_from_db()
    assert beto.second_step_since is None


def test_guessing_the_first_code_has_to_wait_too(as_beto: Client, beto: User) -> None:
    as_beto.post(f"{PAGE}empezar/")
    as_beto.post(f"{PAGE}activar/", {"code": "000000"})

    assert as_beto.post(f"{PAGE}activar/", {"code": code_of(beto)}).status_code == 429


def test_starting_again_makes_another_secret(as_beto: Client, beto: User) -> None:
    as_beto.post(f"{PAGE}empezar/")
    first = TOTPDevice.objects.get(user=beto).key
    as_beto.post(f"{PAGE}empezar/")

    assert TOTPDevice.objects.get(user=beto).key != first


@pytest.mark.parametrize("path", ["empezar/", "activar/"])
def test_who_has_it_keeps_it_as_it_is(as_beto: Client, beto: User, path: str) -> None:
    with_second_step(beto)
    as_beto.force_login(beto)
    before = TOTPDevice.objects.values().get()

    assert as_beto.post(f"{PAGE}{path}", {"code": code_of(beto)})["Location"] == PAGE
    assert TOTPDevice.objects.values().get() == before


def test_turning_it_on_and_off_ends_the_other_sessions_and_gives_this_one_another_key(
    as_beto: Client, beto: User, clock: Any
) -> None:
    other = Client()
    other.force_login(beto)
    key = as_beto.session.session_key
    as_beto.post(f"{PAGE}empezar/")
    as_beto.post(f"{PAGE}activar/", {"code": code_of(beto)})
    assert (is_in(as_beto), is_in(other)) == (True, False)
    assert as_beto.session.session_key != key

    clock.shift(LATER)
    beto.refresh_from_db()
    other.force_login(beto)
    as_beto.post(f"{PAGE}desactivar/", sure(beto))
    assert (is_in(as_beto), is_in(other)) == (True, False)


def test_turned_off_the_password_suffices_again(as_beto: Client, beto: User) -> None:
    with_second_step(beto)
    as_beto.force_login(beto)
    assert as_beto.post(f"{PAGE}desactivar/", sure(beto))["Location"] == PAGE

    other = Client()
    give_password(other, beto)
    assert is_in(other)
    assert not TOTPDevice.objects.exists()


def test_new_recovery_codes_take_the_place_of_the_old_ones(as_beto: Client, beto: User, clock: Any) -> None:
    old = with_second_step(beto)
    as_beto.force_login(beto)
    new = codes_on(as_beto.post(f"{PAGE}codigos/", sure(beto)).content.decode())

    assert len(new) == 10
    assert not set(new) & set(old)
    assert not second_step.check(user=beto, code=old[0].replace("-", "")).is_right
    clock.shift(LATER)
    assert second_step.check(user=beto, code=new[0].replace("-", "")).is_right


@pytest.mark.parametrize("path", ["codigos/", "desactivar/"])
@pytest.mark.parametrize("wrong", [{"password": "no-es-esta"}, {"code": "000000"}, {"password": ""}, {"code": ""}])
def test_both_take_the_password_and_a_code(as_beto: Client, beto: User, path: str, wrong: dict[str, str]) -> None:
    old = with_second_step(beto)
    as_beto.force_login(beto)
    answer = as_beto.post(PAGE + path, sure(beto, **wrong))

    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == list(wrong)
    assert not codes_on(answer.content.decode())
    beto.refresh_from_db()
    assert beto.second_step_since
    assert second_step.check(user=beto, code=old[0].replace("-", "")).is_right


def test_a_wrong_password_uses_no_code_up(as_beto: Client, beto: User) -> None:
    with_second_step(beto)
    as_beto.force_login(beto)
    as_beto.post(f"{PAGE}codigos/", sure(beto, password="no-es-esta"))

    assert codes_on(as_beto.post(f"{PAGE}codigos/", sure(beto)).content.decode())


def test_who_found_an_open_session_cannot_try_passwords_out(as_beto: Client, beto: User) -> None:
    with_second_step(beto)
    as_beto.force_login(beto)
    tried = [as_beto.post(f"{PAGE}desactivar/", {"password": "x", "code": "x"}).status_code for _ in range(11)]

    assert tried == [200] * 10 + [429]
    assert as_beto.post(f"{PAGE}desactivar/", sure(beto)).status_code == 429


def test_a_wrong_code_there_has_to_wait_as_well(as_beto: Client, beto: User) -> None:
    with_second_step(beto)
    as_beto.force_login(beto)
    as_beto.post(f"{PAGE}codigos/", sure(beto, code="000000"))

    assert as_beto.post(f"{PAGE}codigos/", sure(beto)).status_code == 429


def test_recovery_codes_are_kept_by_no_browser(as_beto: Client, beto: User) -> None:
    as_beto.post(f"{PAGE}empezar/")

    assert "no-store" in as_beto.post(f"{PAGE}activar/", {"code": code_of(beto)})["Cache-Control"]


def test_what_was_done_is_written_down(as_beto: Client, beto: User, clock: Any) -> None:
    as_beto.post(f"{PAGE}empezar/")
    as_beto.post(f"{PAGE}activar/", {"code": code_of(beto)})
    clock.shift(LATER)
    as_beto.post(f"{PAGE}desactivar/", sure(beto))

    written = AuditEntry.objects.order_by("pk").values_list("action", "actor", "person")
    assert list(written) == [("second_step_on", beto.pk, beto.pk), ("second_step_off", beto.pk, beto.pk)]


@pytest.mark.parametrize("path", ["/", "/perfil/", "/referidos/", "/perfil/clave/", "/censo/", "/admin/"])
def test_a_superuser_without_it_is_led_to_it_before_anything_else(as_ana: Client, path: str) -> None:
    assert as_ana.get(path)["Location"] == PAGE


def test_for_htmx_the_whole_page_goes_there(as_ana: Client) -> None:
    answer = as_ana.get("/censo/", headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == PAGE
    assert not answer.content


def test_nothing_is_done_for_a_superuser_without_it(as_ana: Client, caro: User) -> None:
    assert as_ana.post(f"/referidos/{caro.pk}/cedula/")["Location"] == PAGE
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(("path", "status"), [("/salud/", 200), ("/privacidad/", 200), (PAGE, 200)])
def test_what_is_public_and_the_set_up_itself_stay_open(as_ana: Client, path: str, status: int) -> None:
    assert as_ana.get(path).status_code == status


def test_a_superuser_without_it_can_leave(as_ana: Client) -> None:
    assert as_ana.post("/salir/")["Location"] == "/ingresar/"


def test_once_it_is_set_up_a_superuser_goes_everywhere(as_ana: Client, ana: User) -> None:
    as_ana.post(f"{PAGE}empezar/")
    as_ana.post(f"{PAGE}activar/", {"code": code_of(ana)})

    assert [as_ana.get(path).status_code for path in ("/", "/perfil/", "/admin/")] == [200] * 3


def test_a_superuser_who_must_have_it_cannot_turn_it_off(as_ana: Client, ana: User) -> None:
    with_second_step(ana)
    as_ana.force_login(ana)

    assert as_ana.post(f"{PAGE}desactivar/", sure(ana)).status_code == 403
    assert "Desactivar los dos pasos" not in as_ana.get(PAGE).content.decode()


@pytest.mark.parametrize("is_required", [True, False])
def test_nobody_else_must_have_it(client: Client, beto: User, settings: Any, is_required: bool) -> None:
    settings.REQUIRE_SUPERUSER_2FA = is_required
    client.force_login(beto)

    assert client.get("/").status_code == 200


def test_where_it_is_not_required_a_superuser_goes_without(client: Client, ana: User) -> None:
    client.force_login(ana)

    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("who", ["leader", "staff", "user"])
def test_the_profile_leads_leaders_and_staff_there(client: Client, beto: User, caro: User, who: str) -> None:
    caro.is_staff = who == "staff"
    caro.save()
    client.force_login(beto if who == "leader" else caro)

    assert (f'href="{PAGE}"' in client.get("/perfil/").content.decode()) == (who != "user")


def test_who_is_a_leader_no_more_can_still_turn_it_off(client: Client, beto: User) -> None:
    with_second_step(beto)
    beto.role = User.Role.USER
    beto.save()
    client.force_login(beto)

    assert client.post(f"{PAGE}desactivar/", sure(beto))["Location"] == PAGE


def turn_off_for(client: Client, person: User) -> Any:
    form = {"action": "turn_second_step_off", "_selected_action": [person.pk]}
    return client.post("/admin/accounts/user/", form, follow=True)


def test_a_superuser_turns_it_off_for_who_has_lost_the_phone(client: Client, ana: User, beto: User) -> None:
    with_second_step(beto)
    client.force_login(ana)
    page = turn_off_for(client, beto)

    assert "Beto Quiñones ingresa otra vez solo con su clave." in page.content.decode()
    beto.refresh_from_db()
    assert beto.second_step_since is None
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.actor, entry.person) == ("second_step_off", ana, beto)


def test_staff_do_not(client: Client, beto: User) -> None:
    with_second_step(beto)
    clerk = make.person("Oficina", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(clerk)

    assert turn_off_for(client, beto).status_code == 403


@pytest.mark.parametrize("path", ["otp_totp/totpdevice/", "otp_static/staticdevice/"])
def test_the_administration_shows_no_secrets(client: Client, ana: User, path: str) -> None:
    client.force_login(ana)

    assert client.get(f"/admin/{path}").status_code == 404


def test_the_command_turns_it_off_at_the_server(beto: User) -> None:
    with_second_step(beto)
    out = StringIO()
    call_command("second-step-off", beto.cedula, stdout=out)

    beto.refresh_from_db()
    assert beto.second_step_since is None
    assert "the password suffices" in out.getvalue()
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.actor_id, entry.person) == ("second_step_off", None, beto)


@pytest.mark.parametrize("cedula", [lambda beto: beto.cedula, lambda beto: "900999999"])
def test_the_command_says_when_there_is_nothing_to_turn_off(beto: User, cedula: Callable[[User], str]) -> None:
    with pytest.raises(CommandError):
        call_command("second-step-off", cedula(beto))
