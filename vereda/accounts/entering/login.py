"""Login by password and second step, and the login page of the administration."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth import login, views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from vereda.accounts import audit
from vereda.accounts.entering import second_step
from vereda.accounts.forms import CodeForm, LoginForm
from vereda.accounts.models import AuditEntry, User
from vereda.accounts.sessions import PENDING_LOGIN
from vereda.errors import too_many_requests
from vereda.lib.text import wait_in_words

_PENDING_TIME = timedelta(minutes=10)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class Login(views.LoginView):
    """Django's own login, because its checks of `next` are worth keeping."""

    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        """Log in, or ask for the second step. Until then the session stays anonymous."""
        user: User = form.get_user()
        is_remembered: bool = form.cleaned_data["remember_me"]
        if user.second_step_since is None:
            _enter(self.request, user, is_remembered=is_remembered)
            return redirect(self.get_success_url())
        _begin_second_step(self.request, user, is_remembered=is_remembered, address=self.get_success_url())
        return redirect("login-code")

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        """Return where `next` leads, unless that is the login itself."""
        url = super().get_redirect_url(request)
        return "" if url.startswith(self.request.path) else url


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def code(request: HttpRequest) -> HttpResponse:
    """The second step of a login: a code from the phone, or with `respaldo` a recovery code."""
    pending = _pending_login(request, timezone.now())
    if pending is None:
        return redirect("login")
    form = CodeForm(request.POST or None, is_recovery="respaldo" in request.GET)
    if request.method == "POST" and form.is_valid():
        verdict = second_step.check(user=pending.user, code=form.cleaned_data["code"])
        if verdict.is_right:
            _enter(request, pending.user, is_remembered=pending.is_remembered)
            return redirect(pending.address)
        if verdict.seconds_left:
            return too_many_codes(request, verdict)
        form.add_wrong_error()
    return render(request, "accounts/login_code.html", {"form": form})


@login_not_required
@require_safe
def admin_login(request: HttpRequest) -> HttpResponse:
    """Redirect anonymous users to the product's own login page. Answers 403 to users who are not staff."""
    if request.user.is_anonymous:
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
    if admin.site.has_permission(request):
        return redirect("admin:index")
    raise PermissionDenied


@require_safe
def admin_password(request: HttpRequest) -> HttpResponse:
    """Redirect to the product's own page, which has the rate limit and writes the audit entry."""
    return redirect("password")


def too_many_codes(request: HttpRequest, verdict: second_step.Verdict) -> HttpResponse:
    """Answer 429 after a wrong code, with the seconds until the next is taken."""
    text = f"Ese código no era. Espere {wait_in_words(verdict.seconds_left)} antes del siguiente."
    return too_many_requests(request, text, verdict.seconds_left)


def too_many_passwords(request: HttpRequest, seconds: int) -> HttpResponse:
    """Answer 429 to a logged-in user who typed too many passwords."""
    return too_many_requests(request, f"Hubo varios intentos con su clave. Espere {wait_in_words(seconds)}.", seconds)


@dataclass(frozen=True, slots=True)
class _PendingLogin:
    """A login whose password was right and whose code is still missing."""

    user: User
    is_remembered: bool
    address: str


def _enter(request: HttpRequest, user: User, *, is_remembered: bool) -> None:
    """Log in, for 14 days (`remember_me`) or until the browser closes."""
    request.session.pop(PENDING_LOGIN, None)
    login(request, user)
    request.session.set_expiry(None if is_remembered else 0)
    if user.is_staff:
        audit.record(action=AuditEntry.Action.LOGGED_IN, actor=user, person=user)


def _begin_second_step(request: HttpRequest, user: User, *, is_remembered: bool, address: str) -> None:
    """Keep in a new session that the password was right. The session is still anonymous."""
    request.session.cycle_key()
    request.session[PENDING_LOGIN] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "until": (timezone.now() + _PENDING_TIME).timestamp(),
        "is_remembered": is_remembered,
        "address": address,
    }
    request.session.set_expiry(0)


def _pending_login(request: HttpRequest, now: datetime) -> _PendingLogin | None:
    """Return the pending login; None when it is too old or the person's password or second step changed meanwhile."""
    kept: dict[str, Any] = request.session.get(PENDING_LOGIN, {})
    if not kept or kept["until"] <= now.timestamp():
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(kept["hash"], user.get_session_auth_hash()):
        return None
    return _PendingLogin(user, kept["is_remembered"], kept["address"])
