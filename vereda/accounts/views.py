"""Registration, login, home, password and the privacy notice."""

from datetime import timedelta

import segno
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import login, update_session_auth_hash, views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from vereda.accounts import actions, policy, throttle
from vereda.accounts.forms import LoginForm, OwnPasswordForm, RegistrationForm
from vereda.accounts.invitations import invitation_of
from vereda.accounts.models import User
from vereda.accounts.requests import AuthenticatedRequest, address_of, place_of
from vereda.errors import too_many_requests
from vereda.lib.text import wait_in_words


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def register(request: HttpRequest) -> HttpResponse:
    """Join, through a leader's link or without one."""
    if request.user.is_authenticated:
        return redirect("home")
    code = request.GET.get("ref", "")
    form = RegistrationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if seconds := _seconds_to_wait(request):
            text = f"Desde aquí ya se registraron muchas personas. Espere {wait_in_words(seconds)}."
            return too_many_requests(request, text, seconds)
        if user := _registered(request, form, code):
            login(request, user)
            request.session.set_expiry(0)  # a leader's phone may register many people: only a login is remembered
            return redirect("home")
    leader = User.objects.with_referral_code(code)
    context = {"form": form, "leader": leader, "unknown_code": bool(code) and leader is None}
    return render(request, "accounts/register.html", context)


def _seconds_to_wait(request: HttpRequest) -> int:
    """Count one more registration from where the request came; return 0, or the seconds to wait."""
    return throttle.take(
        purpose="registration",
        place=place_of(request) or "",
        most=settings.REGISTRATIONS_PER_HOUR,
        span=timedelta(hours=1),
        now=timezone.now(),
    )


def _registered(request: HttpRequest, form: RegistrationForm, code: str) -> User | None:
    """Return the new person; None, with the form complaining, when the cédula exists."""
    try:
        return actions.register(
            cedula=form.cleaned_data["cedula"],
            full_name=form.cleaned_data["full_name"],
            phone=form.cleaned_data["phone"],
            password=form.cleaned_data["password1"],
            referral_code=code,
            address=address_of(request),
        )
    except IntegrityError:
        form.add_taken_error()
        return None


@method_decorator(sensitive_post_parameters(), name="dispatch")
class Login(views.LoginView):
    """Django's own login, because its checks of `next` are worth keeping."""

    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def form_valid(self, form: Form) -> HttpResponse:
        """Keep the session for 14 days when asked to, else until the browser closes."""
        response = super().form_valid(form)  # type: ignore[arg-type]
        if not form.cleaned_data["remember_me"]:
            self.request.session.set_expiry(0)
        return response

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        """Return where `next` leads, unless that is the login itself."""
        url = super().get_redirect_url(request)
        return "" if url.startswith(self.request.path) else url


@login_not_required
@require_safe
def admin_login(request: HttpRequest) -> HttpResponse:
    """Send strangers from the administration to the one login that there is; who has logged in may enter or not."""
    if request.user.is_anonymous:
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
    if admin.site.has_permission(request):
        return redirect("admin:index")
    raise PermissionDenied


@require_safe
def home(request: AuthenticatedRequest) -> HttpResponse:
    """The person's referral link and how far they are toward their goal."""
    user = request.user
    invitation = invitation_of(request)
    referral_count = user.referrals.count()
    context = {
        "invitation": invitation,
        "qr_svg": mark_safe(segno.make(invitation.url, micro=False).svg_inline(border=2, omitsize=True)),  # noqa: S308
        "referral_count": referral_count,
        "referral_percent": min(100, 100 * referral_count // max(1, user.referral_goal)),
    }
    return render(request, "accounts/home.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def password(request: AuthenticatedRequest) -> HttpResponse:
    """Change one's own password; other sessions end, this one goes on."""
    form = OwnPasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, request.user)
        messages.success(request, "Su clave quedó cambiada.")
        return redirect("profile")
    return render(request, "accounts/password.html", {"form": form})


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """The data policy that people accept."""
    return render(request, "accounts/privacy.html", {"policy_version": policy.VERSION})
