"""The referral link: what its code leads to, what a browser remembers, pausing and changing it, and the share kit."""

from typing import Any

import pytest
from django.test import Client

from tests.accounts.forms import register
from tests.conftest import ReadOnlyOnGetClient
from vereda.accounts.joining import links
from vereda.accounts.models import RetiredCode, User

NEW = "900200001"
PAUSED = "Ese enlace de invitación está en pausa."
RETIRED = "Ese enlace de invitación ya no se usa."
UNKNOWN = "No reconocemos ese enlace de invitación."


@pytest.fixture
def as_beto(client: Client, beto: User) -> Client:
    """Beto, logged in."""
    client.force_login(beto)
    return client


@pytest.fixture
def anonymous() -> Client:
    """Nobody, in another browser than anybody's."""
    return ReadOnlyOnGetClient()


def page(client: Client, path: str) -> str:
    html: str = client.get(path).content.decode()
    return html


def inviter(anonymous: Client, ref: str) -> User | None:
    register(anonymous, ref=ref)
    return User.objects.get(cedula=NEW).referred_by


def test_a_paused_link_says_so_names_nobody_and_registers_without_a_leader(
    as_beto: Client, beto: User, anonymous: Client
) -> None:
    as_beto.post("/enlace/pausar/")

    shown = page(anonymous, f"/registro/?ref={beto.referral_code}")
    assert PAUSED in shown
    assert "Beto" not in shown
    assert inviter(anonymous, beto.referral_code) is None


def test_a_link_that_is_open_again_leads_to_its_leader(as_beto: Client, beto: User, anonymous: Client) -> None:
    as_beto.post("/enlace/pausar/")
    as_beto.post("/enlace/reanudar/")

    assert inviter(anonymous, beto.referral_code) == beto


def test_a_changed_link_retires_its_code_which_says_so_and_registers_without_a_leader(
    as_beto: Client, beto: User, anonymous: Client
) -> None:
    old = beto.referral_code
    as_beto.post("/enlace/cambiar/")

    beto.refresh_from_db()
    assert beto.referral_code != old
    assert RETIRED in page(anonymous, f"/registro/?ref={old.lower()}")
    assert inviter(anonymous, old) is None


def test_the_new_code_leads_to_its_leader(as_beto: Client, beto: User, anonymous: Client) -> None:
    as_beto.post("/enlace/pausar/")
    as_beto.post("/enlace/cambiar/")

    beto.refresh_from_db()
    assert inviter(anonymous, beto.referral_code) == beto


def test_a_code_is_never_given_twice(beto: User, monkeypatch: pytest.MonkeyPatch) -> None:
    old = beto.referral_code
    drawn = iter([old, "NEWCODE2"])
    monkeypatch.setattr(links, "new_referral_code", lambda: next(drawn))

    links.renew(person=beto)

    beto.refresh_from_db()
    assert beto.referral_code == "NEWCODE2"
    assert RetiredCode.objects.filter(code=old).exists()


def test_changing_a_link_twice_at_once_changes_it_twice(beto: User) -> None:
    as_it_was_read_before = User.objects.get(pk=beto.pk)
    links.renew(person=beto)
    links.renew(person=as_it_was_read_before)

    assert RetiredCode.objects.count() == 2


def test_a_link_of_somebody_who_is_no_longer_here_says_that_it_is_not_used(beto: User, anonymous: Client) -> None:
    User.objects.filter(pk=beto.pk).update(is_active=False)

    assert RETIRED in page(anonymous, f"/registro/?ref={beto.referral_code}")


@pytest.mark.parametrize("ref", ["NOSUCH22", "x", "<script>", "x" * 5000, "%00"])
def test_an_unknown_code_says_so(anonymous: Client, db: None, ref: str) -> None:
    reply = anonymous.get("/registro/", {"ref": ref})

    assert reply.status_code in {200, 400}
    assert reply.status_code == 400 or UNKNOWN in reply.content.decode()


def test_without_a_code_nothing_is_said(anonymous: Client, db: None) -> None:
    shown = page(anonymous, "/registro/")

    for text in (PAUSED, RETIRED, UNKNOWN, "Le invita <strong>"):
        assert text not in shown


def test_those_who_are_invited_already_stay_when_the_link_changes(as_beto: Client, beto: User, caro: User) -> None:
    as_beto.post("/enlace/cambiar/")

    caro.refresh_from_db()
    assert caro.referred_by == beto


def test_the_inviter_is_remembered_while_somebody_reads_the_policy(beto: User, anonymous: Client) -> None:
    page(anonymous, f"/registro/?ref={beto.referral_code}")
    page(anonymous, "/privacidad/")

    assert "Le invita <strong>Beto Quiñones</strong>" in page(anonymous, "/registro/")
    assert inviter(anonymous, "") == beto


def test_the_inviter_is_remembered_through_a_mistake_in_the_form(beto: User, anonymous: Client) -> None:
    page(anonymous, f"/registro/?ref={beto.referral_code}")
    refused = register(anonymous, cedula="12")

    assert "Le invita <strong>Beto Quiñones</strong>" in refused.content.decode()
    assert inviter(anonymous, "") == beto


def test_the_link_that_was_opened_last_counts(beto: User, dani: User, anonymous: Client) -> None:
    page(anonymous, f"/registro/?ref={beto.referral_code}")
    page(anonymous, f"/registro/?ref={dani.referral_code}")

    assert inviter(anonymous, "") == dani


def test_an_unknown_code_does_not_fall_back_on_what_is_remembered(beto: User, anonymous: Client) -> None:
    page(anonymous, f"/registro/?ref={beto.referral_code}")

    assert inviter(anonymous, "NOSUCH22") is None


def test_a_remembered_link_that_was_paused_meanwhile_is_forgotten_silently(beto: User, anonymous: Client) -> None:
    page(anonymous, f"/registro/?ref={beto.referral_code}")
    links.pause(person=beto)

    assert PAUSED not in page(anonymous, "/registro/")
    assert inviter(anonymous, "") is None


def test_after_a_registration_nobody_is_remembered(beto: User, anonymous: Client) -> None:
    page(anonymous, f"/registro/?ref={beto.referral_code}")
    register(anonymous)
    anonymous.post("/salir/")

    assert "Le invita <strong>" not in page(anonymous, "/registro/")


def test_the_memory_is_no_matter_for_scripts_and_ends_with_the_browser(beto: User, anonymous: Client) -> None:
    cookie = anonymous.get(f"/registro/?ref={beto.referral_code}").cookies[links.COOKIE]

    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "")


def test_the_short_address_leads_to_the_registration(beto: User, anonymous: Client) -> None:
    reply = anonymous.get(f"/i/{beto.referral_code.lower()}", follow=True)

    assert reply.redirect_chain[-1][0] == f"/registro/?ref={beto.referral_code.lower()}"
    assert "Beto Quiñones" in reply.content.decode()


@pytest.mark.parametrize(
    ("path", "media_type", "begins"),
    [("/enlace/qr.svg", "image/svg+xml", b"<?xml"), ("/enlace/qr.png", "image/png", b"\x89PNG")],
)
def test_the_qr_code_can_be_downloaded(as_beto: Client, path: str, media_type: str, begins: bytes) -> None:
    reply = as_beto.get(path)

    assert (reply["Content-Type"], reply.content[: len(begins)]) == (media_type, begins)
    assert reply["Content-Disposition"].startswith("attachment")


def test_the_card_has_the_code_the_name_and_an_address_to_type(as_beto: Client, beto: User) -> None:
    shown = page(as_beto, "/enlace/tarjeta/")

    assert "Le invita <strong>Beto Quiñones</strong>" in shown
    assert f">testserver/i/{beto.referral_code}<" in shown
    assert shown.count("<svg") > 4
    assert beto.cedula not in shown


def test_home_offers_the_whole_kit(as_beto: Client, beto: User) -> None:
    shown = page(as_beto, "/")

    for text in (f"http://testserver/registro/?ref={beto.referral_code}", "https://wa.me/?text=", "data-copy=", "<svg"):
        assert text in shown
    for path in ("/enlace/qr.svg", "/enlace/qr.png", "/enlace/tarjeta/", "/enlace/pausar/", "/enlace/cambiar/"):
        assert f'"{path}"' in shown


def test_while_a_link_is_paused_home_offers_nothing_to_send(as_beto: Client) -> None:
    as_beto.post("/enlace/pausar/")

    shown = page(as_beto, "/")
    assert "Está en pausa." in shown
    assert "wa.me" not in shown
    assert '"/enlace/reanudar/"' in shown


def test_while_a_link_is_paused_the_empty_list_sends_home(as_beto: Client) -> None:
    as_beto.post("/enlace/pausar/")

    shown = page(as_beto, "/referidos/")
    assert "Su enlace está en pausa" in shown
    assert "wa.me" not in shown


@pytest.mark.parametrize("path", ["/enlace/pausar/", "/enlace/reanudar/", "/enlace/cambiar/"])
def test_one_changes_only_ones_own_link(as_beto: Client, beto: User, caro: User, path: str) -> None:
    if path == "/enlace/reanudar/":
        links.pause(person=caro)
    before: Any = User.objects.filter(pk=caro.pk).values("referral_code", "is_link_paused").get()
    as_beto.post(path, {"id": caro.pk})

    assert User.objects.filter(pk=caro.pk).values("referral_code", "is_link_paused").get() == before
