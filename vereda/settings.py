"""All settings, from the environment and from a `.env` file at the root; `.env.example` explains every variable.

Grouped as an operator thinks: web, people, database, queue, census, then what nobody needs to touch.
"""

from datetime import timedelta
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import django_stubs_ext
from django.utils.csp import CSP

from vereda.connecting import database_options, redis_options, redis_pool
from vereda.variables import (
    addresses,
    env,
    folder,
    given,
    most_dollars,
    most_lookups,
    most_of_a_day,
    names,
    retry_seconds,
    seconds,
)

django_stubs_ext.monkeypatch()  # before any app module is imported

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
(VAR_DIR / "static").mkdir(parents=True, exist_ok=True)

# Web

SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS: list[str] = given(env.list, "SECRET_KEY_FALLBACKS", [])
DEBUG = given(env.bool, "DEBUG", default=False)
ALLOWED_HOSTS = given(env.list, "ALLOWED_HOSTS", ["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS: list[str] = given(env.list, "CSRF_TRUSTED_ORIGINS", [])
ADMIN_PATH = given(folder, "ADMIN_PATH", "admin/")
ROOT_URLCONF = "vereda.urls"
WSGI_APPLICATION = "vereda.wsgi.application"

BEHIND_TLS = given(env.bool, "BEHIND_TLS", default=False)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_REDIRECT_EXEMPT = [r"^salud/$"]  # monitors ask from inside, without TLS
COOKIE_PREFIX = "__Host-" if BEHIND_TLS else ""  # browsers take such a cookie from this very host only, over TLS
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
MESSAGES_COOKIE_NAME = f"{COOKIE_PREFIX}messages"
MESSAGE_STORAGE = "vereda.cookies.MessageStorage"
CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
PROXY_COUNT = given(env.int, "PROXY_COUNT", int(BEHIND_TLS))
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],  # Bootstrap's own icons are data: images
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

# People

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["vereda.accounts.lockout.Backend"]
PASSWORD_HASHERS = [
    "vereda.accounts.hashers.Argon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # what was stored before; the next login makes it Argon2
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
SESSION_ENGINE = "vereda.accounts.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
PASSWORD_RESET_TIMEOUT = 30 * 60
AUDIT_KEYS: list[str] = given(env.list, "AUDIT_KEYS", [SECRET_KEY])
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "vereda.accounts.password_rules.Unlike",
        "OPTIONS": {"user_attributes": ("cedula", "full_name", "phone")},
    },
    {"NAME": "vereda.accounts.password_rules.LongEnough", "OPTIONS": {"min_length": 8}},
    {"NAME": "vereda.accounts.password_rules.Uncommon"},
    {"NAME": "vereda.accounts.password_rules.NotOnlyDigits"},
]

# Wrong passwords that are taken within the wait of each other: of one account from one place; of one account, or from
# one place. Counted by django-axes; vereda/accounts/lockout.py has the rules.
LOGIN_FAILURES = given(env.int, "LOGIN_FAILURES", 10)
LOGIN_FAILURES_WIDE = given(env.int, "LOGIN_FAILURES_WIDE", 100)
LOGIN_WAIT_MINUTES = given(env.float, "LOGIN_WAIT_MINUTES", 15.0)
REGISTRATIONS_PER_HOUR = given(env.int, "REGISTRATIONS_PER_HOUR", 300)

AXES_HANDLER = "vereda.accounts.lockout.Handler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "username", "ip_address"]
AXES_FAILURE_LIMIT = 1  # the handler compares with the limits above
AXES_COOLOFF_TIME = timedelta(minutes=min(LOGIN_WAIT_MINUTES, 1e6))  # more is refused by a check, not by a crash here
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "vereda.accounts.lockout.username_key"
AXES_CLIENT_IP_CALLABLE = "vereda.accounts.requests.network_of"
AXES_LOCKOUT_CALLABLE = "vereda.accounts.lockout.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken", "next"]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Database

DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        given(env.str, "DATABASE_URL", f"sqlite:///{VAR_DIR / 'vereda.sqlite3'}"),
        conn_max_age=60,
        conn_health_checks=True,
    )
}
DATABASES["default"]["OPTIONS"] = database_options(
    DATABASES["default"]["ENGINE"], DATABASES["default"].get("OPTIONS", {})
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = given(env.str, "REDIS_URL", "")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": redis_options(),
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# Queue: the record is the truth (docs/architecture.md), so a message that comes twice is harmless.

Q_CLUSTER: dict[str, Any] = {
    "name": "vereda",
    "label": "Cola",
    "workers": given(env.int, "Q_WORKERS", 1),
    "timeout": 120,
    "retry": 180,
    "queue_limit": 1,
    "bulk": 1,
    "ack_failures": True,
    "max_attempts": 1,
    "recycle": 5000,  # a worker that is recycled first finishes what it has in flight
    "catch_up": False,
    "save_limit": 250,
    "save_limit_per": "func",  # or heartbeats would push everything else out
    **({"redis": {"connection_pool": redis_pool(REDIS_URL)}} if REDIS_URL else {"orm": "default"}),
}

# Census

# In the order in which they are asked. What is set for each of them is a list in the same order (`census/roster.py`).
CENSUS_SOURCE = given(names, "CENSUS_SOURCE", ["practice"])
CENSUS_URL = given(names, "CENSUS_URL", [])
CENSUS_PACE_SECONDS = given(seconds, "CENSUS_PACE_SECONDS", [5.0])
CENSUS_TIMEOUT_SECONDS = given(env.float, "CENSUS_TIMEOUT_SECONDS", 90.0)
CENSUS_IN_FLIGHT = given(env.int, "CENSUS_IN_FLIGHT", 8)
CENSUS_RETRY_SECONDS = given(retry_seconds, "CENSUS_RETRY_SECONDS", [60, 300, 900])
CENSUS_COOLDOWN_SECONDS = given(env.int, "CENSUS_COOLDOWN_SECONDS", 30)
CENSUS_DAILY_OWN = given(most_of_a_day, "CENSUS_DAILY_OWN", 6)
CENSUS_DAILY_PERSON = given(most_of_a_day, "CENSUS_DAILY_PERSON", 12)
CENSUS_DAILY_LEADER = given(most_of_a_day, "CENSUS_DAILY_LEADER", 300)
CENSUS_BREAKER_FAILURES = given(env.int, "CENSUS_BREAKER_FAILURES", 5)
CENSUS_REST_SECONDS = given(env.float, "CENSUS_REST_SECONDS", 120.0)
CENSUS_DAILY_LOOKUPS = given(most_lookups, "CENSUS_DAILY_LOOKUPS", [10_000])
CAPTCHA_DAILY_DOLLARS = given(most_dollars, "CAPTCHA_DAILY_DOLLARS", Decimal(20))
CAPTCHA_LOW_DOLLARS = given(env.decimal, "CAPTCHA_LOW_DOLLARS", Decimal(1))
EVIDENCE_DAYS = given(env.int, "EVIDENCE_DAYS", 30)
ATTEMPTS_DAYS = given(env.int, "ATTEMPTS_DAYS", 365)
BROWSER_EXECUTABLE = given(env.str, "BROWSER_EXECUTABLE", "")
BROWSER_HEADLESS = given(env.bool, "BROWSER_HEADLESS", default=True)

# Where an operator is told of troubles: addresses of apprise, which hold secrets.
ALERT_URLS: list[str] = given(addresses, "ALERT_URLS", [])

# The practice source brings its own captcha service, at the same address, so that nothing needs to be set for it.
PRACTICE_URL = dict(zip_longest(CENSUS_SOURCE, CENSUS_URL)).get("practice") or "http://127.0.0.1:8800"
PRACTICE_ORIGIN = "{0.scheme}://{0.netloc}".format(urlsplit(PRACTICE_URL)) if "practice" in CENSUS_SOURCE else ""
VERIFIK_TOKEN = given(env.str, "VERIFIK_TOKEN", "")
CAPTCHA_SOLVER = given(env.str, "CAPTCHA_SOLVER", "2captcha" if PRACTICE_ORIGIN else "none")
TWOCAPTCHA_API_KEY = given(env.str, "TWOCAPTCHA_API_KEY", "practica" if PRACTICE_ORIGIN else "")
TWOCAPTCHA_URL = given(env.str, "TWOCAPTCHA_URL", PRACTICE_ORIGIN)
TWOCAPTCHA_POLL_SECONDS = given(env.float, "TWOCAPTCHA_POLL_SECONDS", 0.2 if PRACTICE_ORIGIN else 5.0)

# Superusers see everybody's data. With the invented people of the practice source a password suffices.
DEMO_PASSWORD = "vereda-demo"  # noqa: S105 - what ./run prints; it opens nothing where another source answers
REQUIRE_SUPERUSER_2FA = given(env.bool, "REQUIRE_SUPERUSER_2FA", not DEBUG and "practice" not in CENSUS_SOURCE)

# The rest

INSTALLED_APPS = [
    "vereda.accounts",
    "vereda.census",
    "vereda.referrals",
    "vereda.rights",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_htmx",
    "django_q",
]
MIDDLEWARE = [
    "vereda.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "vereda.accounts.entering.open_sessions.noting_sessions",
    "django_htmx.middleware.HtmxMiddleware",
    "vereda.accounts.joining.after_registration.GreetingMiddleware",
    "vereda.accounts.middleware.LoginRequiredMiddleware",
    "vereda.accounts.middleware.SecondStepMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "vereda" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
LANGUAGE_CODE = "es-co"
TIME_ZONE = "America/Bogota"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MIMETYPES = {".svg": "image/svg+xml; charset=utf-8"}
STATICFILES_DIRS = [BASE_DIR / "vereda" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

LOG_LEVEL = given(env.str, "LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "vereda.lib.logs.MaskingFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "vereda": {"level": LOG_LEVEL},
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "axes": {"level": "ERROR"},  # vereda.accounts.lockout says what an operator needs to know
        "apprise": {"level": "CRITICAL"},  # what it says of an address may hold its secrets
        "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}
