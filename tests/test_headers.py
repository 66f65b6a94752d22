"""What every answer tells browsers: pages, errors, fragments, redirects and static files."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings as project
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from tests.test_settings import PRODUCTION, printed_by
from vereda.accounts.models import User

EVERYWHERE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def fail(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [path("falla/", fail)]


def assert_headers(answer: Any) -> None:
    assert {name: answer[name] for name in EVERYWHERE} == EVERYWHERE
    policy = answer["Permissions-Policy"].split(", ")
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(policy)
    assert all(directive.endswith("=()") for directive in policy)


def assert_page_headers(answer: Any) -> None:
    assert_headers(answer)
    assert answer["X-Frame-Options"] == "DENY"
    policy = answer["Content-Security-Policy"]
    for directive in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert directive in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("address", ["/ingresar/", "/registro/", "/privacidad/", "/salud/", "/", "/no-existe/"])
def test_public_pages_redirects_and_a_page_that_there_is_not_have_them(client: Client, db: None, address: str) -> None:
    assert_page_headers(client.get(address))


@pytest.mark.parametrize("address", ["/", "/perfil/", "/censo/", "/referidos/", "/referidos/cambios/?visto=x"])
def test_a_persons_pages_and_refusals_have_them(as_caro: Client, address: str) -> None:
    assert_page_headers(as_caro.get(address))


def test_the_administration_has_them(client: Client, ana: User) -> None:
    client.force_login(ana)

    assert_page_headers(client.get("/admin/"))


def test_a_form_without_its_token_is_refused_with_them(db: None) -> None:
    refused = Client(enforce_csrf_checks=True).post("/ingresar/", {"username": "900100001", "password": "x"})

    assert refused.status_code == 403
    assert_page_headers(refused)


def test_a_failure_of_ours_has_them(db: None, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    answer = Client(raise_request_exception=False).get("/falla/")

    assert answer.status_code == 500
    assert_headers(answer)


def test_a_static_file_has_them_and_is_nobody_elses_to_load(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "some.css").write_text("a {}")
    answer = Client().head("/static/some.css")

    assert answer.status_code == 200
    assert_headers(answer)
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/ingresar/", "text/html; charset=utf-8"),
        ("/no-existe/", "text/html; charset=utf-8"),
        ("/salud/", "application/json"),
    ],
)
def test_an_answer_says_what_it_is(client: Client, db: None, path: str, kind: str) -> None:
    assert client.get(path)["Content-Type"] == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("some.css", "text/css"),
        ("some.js", "text/javascript"),
        ("some.svg", "image/svg+xml"),
    ],
)
def test_a_static_file_says_what_it_is(settings: Any, tmp_path: Path, name: str, kind: str) -> None:
    settings.STATIC_ROOT = tmp_path
    (tmp_path / name).write_text("x")

    assert Client().head(f"/static/{name}")["Content-Type"].replace('"', "") == f"{kind}; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/.env",
        "/manage.py",
        "/var/vereda.sqlite3",
        "/static/../.env",
        "/static/..%2f.env",
        "/static/%2e%2e/.env",
        "/static//etc/passwd",
        "/static/",
        "/static/vereda/",
    ],
)
def test_nothing_of_the_checkout_is_served(client: Client, db: None, path: str) -> None:
    assert client.get("/", PATH_INFO=unquote(path)).status_code == 404


SCRIPTS = sorted(Path(project.BASE_DIR, "vereda/static/vereda").glob("*.js"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_our_scripts_write_no_markup_run_no_text_and_keep_nothing_in_the_browser(script: Path) -> None:
    text = script.read_text()

    for name in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert name not in text
    for name in ("localStorage", "sessionStorage", "indexedDB", "document.cookie", "postMessage"):
        assert name not in text


def test_our_code_runs_no_text_and_no_shell() -> None:
    forbidden = re.compile(r"\b(?:eval|exec)\(|shell=True|os\.system|pickle|yaml\.load|xml\.|\.raw\(|\.extra\(|RawSQL")
    code = [*Path(project.BASE_DIR, "vereda").rglob("*.py"), *Path(project.BASE_DIR, "practice").rglob("*.py")]
    code += Path(project.BASE_DIR, "scripts").iterdir()

    assert len(code) > 100
    assert [path.name for path in code if path.is_file() and forbidden.search(path.read_text())] == []


def test_our_code_uses_no_weak_hash() -> None:
    code = Path(project.BASE_DIR, "vereda").rglob("*.py")

    assert [path.name for path in code if re.search(r"md5|sha1", path.read_text(), re.IGNORECASE)] == []


ASK = """
import django
django.setup()
from django.conf import settings
from django.test import Client
settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND":
    "django.contrib.staticfiles.storage.StaticFilesStorage"}}
answer = Client().get("/ingresar/", secure=IS_TLS, headers={"host": "vereda.example.org"})
print(answer.status_code, answer.get("Location", ""))
print(answer.get("Strict-Transport-Security", ""))
print(answer.cookies.output())
print(settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY)
print(settings.MESSAGES_COOKIE_NAME, settings.SESSION_COOKIE_SAMESITE)
"""


def test_in_production_browsers_keep_to_tls_and_take_cookies_from_this_host_only() -> None:
    status, hsts, csrf, session, messages = printed_by(ASK.replace("IS_TLS", "True"), **PRODUCTION).splitlines()

    assert status.strip() == "200"
    assert hsts == "max-age=31536000; includeSubDomains; preload"
    assert csrf.startswith("Set-Cookie: __Host-csrftoken=")
    for attribute in ("HttpOnly", "Path=/", "SameSite=Lax", "Secure"):
        assert attribute in csrf.split("; ")
    assert "Domain" not in csrf
    assert session == "__Host-sessionid True True"
    assert messages == "__Host-messages Lax"


def test_in_production_nothing_is_answered_without_tls() -> None:
    assert printed_by(ASK.replace("IS_TLS", "False"), **PRODUCTION).startswith(
        "301 https://vereda.example.org/ingresar/"
    )


def test_a_message_waits_in_the_cookie_of_that_name(as_caro: Client, caro: User) -> None:
    form = {"full_name": "Carolina", "phone": "300 123 4567", "referral_goal": "10"}
    answer = as_caro.post("/perfil/", form)

    assert list(answer.cookies) == ["messages"]
    assert "Sus datos quedaron guardados." in as_caro.get("/perfil/").content.decode()


def test_a_message_that_was_tampered_with_is_dropped(as_caro: Client) -> None:
    as_caro.post("/perfil/", {"full_name": "Carolina", "phone": "300 123 4567", "referral_goal": "10"})
    kept = as_caro.cookies["messages"].value
    as_caro.cookies["messages"] = kept[:5] + ("A" if kept[5] != "A" else "B") + kept[6:]

    assert "quedaron guardados" not in as_caro.get("/perfil/").content.decode()


ADMIN = "import django; django.setup(); from django.urls import reverse; print(reverse('admin:index'))"


@pytest.mark.parametrize(
    ("given", "path"), [("", "/admin/"), ("oficina", "/oficina/"), ("/la/oficina/", "/la/oficina/")]
)
def test_the_administration_lives_where_the_operator_says(given: str, path: str) -> None:
    assert printed_by(ADMIN, ADMIN_PATH=given) == path
    assert printed_by(ADMIN.replace("admin:index", "admin-login"), ADMIN_PATH=given) == f"{path}login/"
