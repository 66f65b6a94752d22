"""Sessions: a new key at each change of what they may do, none but one's own left after another password."""

import math
from urllib.parse import urljoin, urlsplit

from django.test import Client

from tests import make
from tests.accounts.entering.second_steps import code_of, give_code, give_password, is_in, with_second_step
from tests.accounts.forms import register
from tests.conftest import ReadOnlyOnGetClient
from vereda.accounts.models import AuditEntry, User

NEW = {"new_password1": "otro-sendero-largo", "new_password2": "otro-sendero-largo"}
NASTY = [
    "https://example.org/",
    "http://example.org",
    "//example.org/",
    "///example.org/",
    "////example.org/",
    "/\\example.org/",
    "\\\\example.org/",
    "\\/example.org/",
    "http:///example.org/",
    "https:example.org",
    "https:\\\\example.org",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "ftp://testserver/",
    " https://example.org/",
    "\thttps://example.org/",
    "\nhttps://example.org/",
    "/\t/example.org/",
    "/\n/example.org/",
    "\x08//example.org",
    "http://testserver@example.org/",
    "http://testserver:80@example.org/",
    "http://testserver\\@example.org/",
    "http://testserver.example.org/",
    "http://example.org#testserver/",
    "http://example.org?http://testserver/",
    "http://[::1",
    "//[",
    "x" * 5000,
    "",
]


def host_of(location: str) -> str:
    """Return where a browser goes: it drops tabs and line breaks, and takes a backslash for a slash."""
    dropped = location.strip().translate({ord(c): None for c in "\t\r\n"}).replace("\\", "/")
    return urlsplit(urljoin("http://testserver/ingresar/", dropped)).netloc


def test_login_leads_only_to_ourselves(caro: User) -> None:
    for after in NASTY:
        location = give_password(ReadOnlyOnGetClient(), caro, after=after)["Location"]

        assert host_of(location) == "testserver", after
        assert "script:" not in location, after


def test_the_second_step_leads_only_to_ourselves(beto: User) -> None:
    with_second_step(beto)
    for after in NASTY:
        client = ReadOnlyOnGetClient()
        with make.undone():  # a code works once
            give_password(client, beto, after=after)
            location = give_code(client, code_of(beto))["Location"]

        assert host_of(location) == "testserver", after


def test_who_is_in_already_is_led_only_to_ourselves(as_caro: Client) -> None:
    for after in NASTY:
        assert host_of(as_caro.get("/ingresar/", {"next": after})["Location"]) == "testserver", after


def test_the_login_of_the_administration_leads_only_to_the_login(client: Client, db: None) -> None:
    for after in NASTY:
        location = client.get("/admin/login/", {"next": after})["Location"]

        assert urlsplit(location).path == "/ingresar/", after
        assert host_of(location) == "testserver", after


def test_an_address_that_looks_like_a_host_leads_nowhere_else(as_caro: Client) -> None:
    for path in ("//example.org/perfil", "//example.org/perfil/", "/\\example.org/", "///example.org"):
        answer = as_caro.get("/", PATH_INFO=path)

        assert host_of(answer.get("Location", "/")) == "testserver", path


def test_a_login_gives_the_session_another_key(client: Client, caro: User) -> None:
    session = client.session
    session["planted"] = True
    session.save()
    give_password(client, caro)

    assert client.session.session_key != session.session_key
    assert is_in(client)


def test_a_registration_gives_the_session_another_key(client: Client, db: None) -> None:
    session = client.session
    session["planted"] = True
    session.save()
    register(client)

    assert client.session.session_key != session.session_key


def test_another_password_gives_the_session_another_key_and_ends_the_others(as_caro: Client, caro: User) -> None:
    other = Client()
    other.force_login(caro)
    key = as_caro.session.session_key
    as_caro.post("/perfil/clave/", {"old_password": make.PASSWORD, **NEW})

    assert (is_in(as_caro), is_in(other)) == (True, False)
    assert as_caro.session.session_key != key
    assert AuditEntry.objects.values_list("action", "actor", "person").get() == ("password_changed", caro.pk, caro.pk)


def test_another_password_by_the_administration_ends_them_too(ana: User, caro: User) -> None:
    as_caro, admin = Client(), Client()
    as_caro.force_login(caro)
    admin.force_login(ana)
    new = {"password1": "otro-sendero-largo", "password2": "otro-sendero-largo", "usable_password": "true"}
    admin.post(f"/admin/accounts/user/{caro.pk}/password/", {**new, "set-password": "1"})

    assert not is_in(as_caro)


def test_who_is_made_inactive_is_out_at_once(caro: User) -> None:
    as_caro = Client()
    as_caro.force_login(caro)
    caro.is_active = False
    caro.save()

    assert not is_in(as_caro)


def test_who_is_deleted_is_out_at_once(caro: User) -> None:
    client = Client()
    client.force_login(caro)
    caro.delete()

    assert not is_in(client)


def test_a_session_has_a_key_that_nobody_guesses(as_caro: Client) -> None:
    key = as_caro.session.session_key

    assert key
    assert len(key) * math.log2(36) >= 128


def test_a_logout_ends_the_session_for_whoever_kept_its_key(as_caro: Client) -> None:
    kept = Client()
    kept.cookies["sessionid"] = as_caro.cookies["sessionid"].value
    as_caro.post("/salir/")

    assert not is_in(kept)


def test_who_found_an_open_session_cannot_find_the_password_out_by_changing_it(as_caro: Client) -> None:
    tried = [as_caro.post("/perfil/clave/", {"old_password": "no-es-esta", **NEW}).status_code for _ in range(11)]

    assert tried == [200] * 10 + [429]
    assert as_caro.post("/perfil/clave/", {"old_password": make.PASSWORD, **NEW}).status_code == 429
