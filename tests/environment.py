"""The environment that every test runs in, whatever the machine's own and whatever stands in `.env`.

Loaded by pytest before Django's settings.

DATABASE_URL and REDIS_URL are left alone, so that the suite can be pointed at PostgreSQL and Redis; but each process of
pytest has a database of that Redis to itself, or they would see each other's messages.
"""

import os
from urllib.parse import urlsplit

os.environ.update(
    PYTHON_DOTENV_DISABLED="true",
    SECRET_KEY="only-for-tests-only-for-tests-only-for-tests-only-for-tests",
    AUDIT_KEYS="",
    DEBUG="false",
    ADMIN_PATH="",
    ALLOWED_HOSTS="localhost,127.0.0.1,testserver",
    BEHIND_TLS="false",
    PROXY_COUNT="",
    REQUIRE_SUPERUSER_2FA="",
    LOGIN_FAILURES="",
    LOGIN_FAILURES_WIDE="",
    LOGIN_WAIT_MINUTES="",
    REGISTRATIONS_PER_HOUR="",
    CSRF_TRUSTED_ORIGINS="",
    CENSUS_SOURCE="practice",
    CENSUS_URL="",
    CENSUS_PACE_SECONDS="5",
    CENSUS_TIMEOUT_SECONDS="90",
    CENSUS_RETRY_SECONDS="60,300,900",
    CENSUS_COOLDOWN_SECONDS="30",
    CENSUS_DAILY_OWN="",
    CENSUS_DAILY_PERSON="",
    CENSUS_DAILY_LEADER="",
    EVIDENCE_DAYS="30",
    ATTEMPTS_DAYS="365",
    LOG_LEVEL="INFO",
    BROWSER_HEADLESS="true",
    Q_WORKERS="",
    CAPTCHA_SOLVER="",
    TWOCAPTCHA_API_KEY="",
    TWOCAPTCHA_URL="",
    TWOCAPTCHA_POLL_SECONDS="",
    CAPTCHA_LOW_DOLLARS="",
    ALERT_URLS="",
)
os.environ.setdefault("REDIS_URL", "")
if os.environ["REDIS_URL"]:
    own = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw") or "0"
    os.environ["REDIS_URL"] = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{own}").geturl()
