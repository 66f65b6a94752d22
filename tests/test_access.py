"""Who may do what: every address of the product for every role, by each method that it takes."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.utils import timezone

from tests import make
from tests.conftest import ReadOnlyOnGetClient
from tests.referrals.pages import HTMX, put
from vereda.accounts.models import User
from vereda.census.models import BulkRefresh, CedulaInfo
from vereda.census.statuses import Status

ROLES = ("anonymous", "user", "leader of the person", "other leader", "superuser")
PUBLIC = {
    *("register", "register-check", "invitation", "login", "login-code", "recover", "recover-link"),
    *("privacy", "privacy-version", "health", "admin-login"),
}
LOGIN = "to the login"
ADDRESSES = {
    "home": "/",
    "register": "/registro/",
    "register-check": "/registro/validar/",
    "invitation": "/i/ABCD2345/",
    "link-qr-svg": "/enlace/qr.svg",
    "link-qr-png": "/enlace/qr.png",
    "link-card": "/enlace/tarjeta/",
    "link-pause": "/enlace/pausar/",
    "link-resume": "/enlace/reanudar/",
    "link-renew": "/enlace/cambiar/",
    "login": "/ingresar/",
    "login-code": "/ingresar/codigo/",
    "logout": "/salir/",
    "password": "/perfil/clave/",
    "second-step": "/perfil/dos-pasos/",
    "second-step-start": "/perfil/dos-pasos/empezar/",
    "second-step-on": "/perfil/dos-pasos/activar/",
    "second-step-codes": "/perfil/dos-pasos/codigos/",
    "second-step-off": "/perfil/dos-pasos/desactivar/",
    "sessions": "/perfil/sesiones/",
    "second-registration-seen": "/perfil/aviso/",
    "recover": "/recuperar/",
    "recover-link": "/recuperar/a-b-c/",
    "privacy": "/privacidad/",
    "privacy-version": "/privacidad/2026-12/",
    "profile": "/perfil/",
    "census": "/censo/",
    "census-refresh": "/censo/actualizar/",
    "assisted": "/censo/asistida/",
    "assisted-cedula": "/censo/asistida/{caro}/cedula/",
    "assisted-review": "/censo/asistida/{caro}/revisar/",
    "assisted-save": "/censo/asistida/{caro}/guardar/",
    "health": "/salud/",
    "referrals": "/referidos/",
    "referrals-search": "/referidos/buscar/",
    "referrals-changes": "/referidos/cambios/",
    "referrals-refresh": "/referidos/actualizar/",
    "referrals-refresh-all": "/referidos/actualizar-todos/",
    "referrals-cancel": "/referidos/actualizar-todos/{bulk}/cancelar/",
    "referrals-print": "/referidos/imprimir/",
    "referral-cedula": "/referidos/{caro}/cedula/",
    "referral-reset": "/referidos/{caro}/clave/",
    "referral-refresh": "/censo/{caro}/actualizar/",
    "own-data": "/perfil/mis-datos/",
    "own-data-download": "/perfil/mis-datos/descargar/",
    "accept-policy": "/perfil/mis-datos/politica/",
    "change-permission": "/perfil/mis-datos/autorizacion/",
    "consent-proof": "/perfil/mis-datos/comprobante/",
    "erase-me": "/perfil/mis-datos/borrar/",
    "admin": "/admin/",
    "admin-login": "/admin/login/",
    "admin-password": "/admin/password_change/",
}
# fmt: off
MATRIX = {                              # nobody Caro  Beto  Dani  Ana
    ("home", "GET"):                     (LOGIN, 200,   200,   200,   200),
    ("register", "GET"):                 (200,   302,   302,   302,   302),
    ("register", "POST"):                (200,   302,   302,   302,   302),
    ("register-check", "POST"):          (400,   400,   400,   400,   400),
    ("invitation", "GET"):               (302,   302,   302,   302,   302),
    ("link-qr-svg", "GET"):              (LOGIN, 200,   200,   200,   200),
    ("link-qr-png", "GET"):              (LOGIN, 200,   200,   200,   200),
    ("link-card", "GET"):                (LOGIN, 200,   200,   200,   200),
    ("link-pause", "POST"):              (LOGIN, 302,   302,   302,   302),
    ("link-resume", "POST"):             (LOGIN, 302,   302,   302,   302),
    ("link-renew", "POST"):              (LOGIN, 302,   302,   302,   302),
    ("login", "GET"):                    (200,   302,   302,   302,   302),
    ("login", "POST"):                   (200,   302,   302,   302,   302),
    ("login-code", "GET"):               (LOGIN, LOGIN, LOGIN, LOGIN, LOGIN),
    ("login-code", "POST"):              (LOGIN, LOGIN, LOGIN, LOGIN, LOGIN),
    ("logout", "POST"):                  (LOGIN, LOGIN, LOGIN, LOGIN, LOGIN),
    ("password", "GET"):                 (LOGIN, 200,   200,   200,   200),
    ("password", "POST"):                (LOGIN, 200,   200,   200,   200),
    ("second-step", "GET"):              (LOGIN, 403,   200,   200,   200),
    ("second-step-start", "POST"):       (LOGIN, 403,   302,   302,   302),
    ("second-step-on", "POST"):          (LOGIN, 403,   200,   200,   200),
    ("second-step-codes", "POST"):       (LOGIN, 403,   302,   302,   302),
    ("second-step-off", "POST"):         (LOGIN, 403,   302,   302,   302),
    ("sessions", "GET"):                 (LOGIN, 200,   200,   200,   200),
    ("sessions", "POST"):                (LOGIN, 302,   302,   302,   302),
    ("second-registration-seen", "POST"): (LOGIN, 302,   302,   302,   302),
    ("recover", "GET"):                  (410,   410,   410,   410,   410),
    ("recover", "POST"):                 (410,   410,   410,   410,   410),
    ("recover-link", "GET"):             (302,   302,   302,   302,   302),
    ("privacy", "GET"):                  (200,   200,   200,   200,   200),
    ("privacy-version", "GET"):          (200,   200,   200,   200,   200),
    ("profile", "GET"):                  (LOGIN, 200,   200,   200,   200),
    ("profile", "POST"):                 (LOGIN, 200,   200,   200,   200),
    ("census", "GET"):                   (LOGIN, 200,   200,   200,   200),
    ("census-refresh", "POST"):          (LOGIN, 302,   302,   302,   302),
    ("assisted", "GET"):                 (LOGIN, 403,   200,   200,   200),
    ("assisted-cedula", "POST"):         (LOGIN, 403,   200,   404,   200),
    ("assisted-review", "POST"):         (LOGIN, 403,   200,   404,   200),
    ("assisted-save", "POST"):           (LOGIN, 403,   302,   404,   302),
    ("health", "GET"):                   (200,   200,   200,   200,   200),
    ("referrals", "GET"):                (LOGIN, 200,   200,   200,   200),
    ("referrals-search", "POST"):        (LOGIN, 302,   302,   302,   302),
    ("referrals-changes", "GET"):        (LOGIN, 403,   204,   286,   204),
    ("referrals-refresh", "POST"):       (LOGIN, 403,   302,   404,   302),
    ("referrals-refresh-all", "POST"):   (LOGIN, 403,   302,   302,   302),
    ("referrals-cancel", "POST"):        (LOGIN, 403,   302,   404,   404),
    ("referrals-print", "GET"):          (LOGIN, 200,   200,   200,   200),
    ("referral-cedula", "POST"):         (LOGIN, 403,   200,   404,   200),
    ("referral-reset", "GET"):           (LOGIN, 403,   200,   404,   200),
    ("referral-reset", "POST"):          (LOGIN, 403,   200,   404,   200),
    ("referral-refresh", "POST"):        (LOGIN, 302,   302,   404,   302),
    ("own-data", "GET"):                 (LOGIN, 200,   200,   200,   200),
    ("own-data-download", "POST"):       (LOGIN, 200,   200,   200,   200),
    ("accept-policy", "GET"):            (LOGIN, 200,   200,   200,   200),
    ("accept-policy", "POST"):           (LOGIN, 200,   200,   200,   200),
    ("change-permission", "POST"):       (LOGIN, 400,   400,   400,   400),
    ("consent-proof", "GET"):            (LOGIN, 200,   200,   200,   200),
    ("erase-me", "GET"):                 (LOGIN, 200,   200,   200,   200),
    ("erase-me", "POST"):                (LOGIN, 200,   200,   200,   200),
    ("admin", "GET"):                    (302,   302,   302,   302,   200),
    ("admin-login", "GET"):              (LOGIN, 403,   403,   403,   302),
    ("admin-password", "GET"):           (LOGIN, 302,   302,   302,   302),
}
# fmt: on
METHODS = {name: {method for named, method in MATRIX if named == name} for name in ADDRESSES}
READ = sorted(name for name, methods in METHODS.items() if methods == {"GET"} and name != "admin")
CHANGED = sorted(name for name, methods in METHODS.items() if methods == {"POST"})
CLOSED = sorted(set(ADDRESSES) - PUBLIC - {"admin"})


@pytest.fixture
def cast(ana: User, beto: User, caro: User, dani: User) -> dict[str, User | None]:
    """Who stands for which role; the person whom it is about is Caro."""
    return dict(zip(ROLES, (None, caro, beto, dani, ana), strict=True))


@pytest.fixture
def addresses(beto: User, caro: User) -> dict[str, str]:
    """Every address, about Caro or about a request of Beto's."""
    bulk = BulkRefresh.objects.create(requested_by=beto, requested_at=timezone.now(), total=1)
    return {name: address.format(caro=caro.pk, bulk=bulk.pk) for name, address in ADDRESSES.items()}


def ask(client: Client, method: str, address: str, caro: User, **options: Any) -> Any:
    """Ask by a method, with what concerns Caro in the query or the form."""
    seen = f"{caro.pk}.{CedulaInfo.objects.get(user=caro).version}"
    return client.get(address, {"visto": seen}, **options) if method == "GET" else _post(client, address, caro, options)


def _post(client: Client, address: str, caro: User, options: dict[str, Any]) -> Any:
    absence = f"El documento de identidad número {caro.cedula} no se encuentra en el censo para esta elección."
    return client.post(address, {"ids": caro.pk, "texto": absence}, **options)


def names_of(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[str | None]:
    """Every name of the resolver; the whole administration counts as one."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name
        elif pattern.app_name == "admin":
            yield "admin"
        else:
            yield from names_of(pattern.url_patterns)


def answer_to(viewer: User | None, method: str, address: str, caro: User) -> int | str:
    """Return what somebody gets, in a browser of their own; LOGIN for a redirect to the login."""
    client = ReadOnlyOnGetClient()
    with make.undone():
        if viewer:
            client.force_login(viewer)
        got = ask(client, method, address, caro)
    is_login = got.status_code == 302 and got["Location"].partition("?")[0] == "/ingresar/"
    return LOGIN if is_login else got.status_code


@pytest.mark.parametrize("role", ROLES)
def test_every_role_gets_from_every_address_what_the_table_says(
    cast: dict[str, User | None], addresses: dict[str, str], caro: User, role: str
) -> None:
    got = {(name, method): answer_to(cast[role], method, addresses[name], caro) for name, method in MATRIX}

    assert got == {case: answers[ROLES.index(role)] for case, answers in MATRIX.items()}


def test_the_table_names_every_address_of_the_product_and_no_other() -> None:
    names = list(names_of(get_resolver("vereda.urls").url_patterns))

    assert sorted(map(str, names)) == sorted(ADDRESSES)
    assert {name for name, _ in MATRIX} == set(ADDRESSES)


def test_an_address_is_the_one_that_its_name_stands_for(addresses: dict[str, str]) -> None:
    del addresses["admin"]

    assert {name: resolve(address).url_name for name, address in addresses.items()} == {n: n for n in addresses}


@pytest.mark.parametrize("role", ["user", "superuser"])
def test_what_changes_something_does_not_answer_get(
    cast: dict[str, User], addresses: dict[str, str], caro: User, role: str
) -> None:
    got = {name: answer_to(cast[role], "GET", addresses[name], caro) for name in CHANGED}

    assert got == dict.fromkeys(CHANGED, 405)


@pytest.mark.parametrize("role", ["user", "superuser"])
def test_what_only_shows_something_does_not_answer_post(
    cast: dict[str, User], addresses: dict[str, str], caro: User, role: str
) -> None:
    got = {name: answer_to(cast[role], "POST", addresses[name], caro) for name in READ}

    assert got == dict.fromkeys(READ, 405)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_login_one_is_led_to_it(addresses: dict[str, str], caro: User, method: str) -> None:
    got = {name: answer_to(None, method, addresses[name], caro) for name in CLOSED}

    assert got == dict.fromkeys(CLOSED, LOGIN)


def test_without_a_login_the_administration_leads_to_the_same_one(client: Client, db: None) -> None:
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/ingresar/?next=/admin/"


@pytest.mark.parametrize("role", ["user", "leader of the person"])
def test_whoever_may_not_enter_the_administration_gets_403(client: Client, cast: dict[str, User], role: str) -> None:
    client.force_login(cast[role])

    assert client.get("/admin/", follow=True).status_code == 403


def test_for_htmx_the_whole_page_is_led_to_the_login(client: Client, addresses: dict[str, str], caro: User) -> None:
    for name in CLOSED:
        (method, *_) = sorted(METHODS[name])
        refused = ask(client, method, addresses[name], caro, headers=HTMX)

        assert refused.status_code == 200, name
        assert refused["HX-Redirect"].partition("?")[0] == "/ingresar/", name
        assert not refused.content, name


def test_a_user_can_neither_filter_nor_sort_by_what_the_census_says(as_caro: Client) -> None:
    tabs = ("pendientes", "encontrados", "novedades", "no-encontrados", "errores")
    queries = [*(f"estado={tab}" for tab in tabs), "orden=estado", "orden=-estado"]

    for path in ("/referidos/", "/referidos/imprimir/"):
        for query in queries:
            assert as_caro.get(f"{path}?{query}").status_code == 403, f"{path}?{query}"


def test_a_user_can_filter_and_sort_by_everything_else(as_caro: Client) -> None:
    for query in ("", "estado=todos", "orden=nombre", "orden=-cedula", "orden=fecha", "q=Caro"):
        assert as_caro.get(f"/referidos/?{query}").status_code == 200, query


def test_the_way_through_the_search_box_leads_a_user_no_further(as_caro: Client) -> None:
    found = as_caro.post("/referidos/buscar/", {"q": "Fabio", "estado": "encontrados"})

    assert as_caro.get(found["Location"]).status_code == 403


@pytest.mark.parametrize("path", ["/referidos/", "/referidos/?q=fabio", "/referidos/imprimir/"])
def test_a_user_sees_whom_they_invited_but_nothing_of_what_the_census_says(
    as_caro: Client, caro: User, path: str
) -> None:
    fabio = make.person("Fabio Zúñiga", referred_by=caro)
    for status in Status:
        with make.undone():
            record = put(fabio, status, puesto="IE EL SAUCE", municipio="PASTO", mesa="4")
            page = as_caro.get(path).content.decode()

        assert "Fabio Zúñiga" in page, status
        for text in ("data-status", "IE EL SAUCE", "PASTO", "badge-v", "tab-count", "-detalle", "every 5s", "Estado<"):
            assert text not in page, (status, text)
        assert f">{record.wording.badge}<" not in page, status


def test_a_user_is_told_nothing_of_whom_they_invited_by_any_other_address(as_caro: Client, caro: User) -> None:
    fabio = make.person("Fabio Zúñiga", referred_by=caro)
    put(fabio, Status.ERROR)
    refused = [
        as_caro.post(f"/censo/{fabio.pk}/actualizar/"),
        as_caro.post(f"/referidos/{fabio.pk}/cedula/"),
        as_caro.post("/referidos/actualizar/", {"ids": fabio.pk}),
        as_caro.post("/referidos/actualizar-todos/"),
        as_caro.get(f"/referidos/cambios/?visto={fabio.pk}.00000000"),
    ]

    assert [reply.status_code for reply in refused] == [403] * 5
    assert CedulaInfo.objects.get(user=fabio).status == Status.ERROR


def test_a_leader_who_is_one_no_more_sees_no_answers_any_more(client: Client, beto: User, caro: User) -> None:
    put(caro, Status.ACTIVE)
    client.force_login(beto)
    beto.role = User.Role.USER
    beto.save()

    assert "data-status" not in client.get("/referidos/").content.decode()
