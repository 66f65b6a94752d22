"""Registration, login, password and the privacy notice."""

from ipaddress import ip_address

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash, views
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
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from vereda.accounts import actions, arrivals, links, open_sessions, policy
from vereda.accounts.forms import LoginForm, OwnPasswordForm, RegistrationForm
from vereda.accounts.models import User
from vereda.accounts.requests import AuthenticatedRequest


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def register(request: HttpRequest) -> HttpResponse:
    """Join, through a leader's link or without one."""
    if request.user.is_authenticated:
        return redirect("home")
    code = links.code_of(request)
    form = RegistrationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return arrivals.arrive(request, _registered(request, form, code))
    link = links.read(code)
    response = render(request, "accounts/register.html", {"form": form, "link": link})
    links.remember(response, link)
    return response


def _registered(request: HttpRequest, form: RegistrationForm, code: str) -> User | None:
    """Return the new person; None when the cédula exists, whose owner will be told."""
    try:
        return actions.register(
            cedula=form.cleaned_data["cedula"],
            full_name=form.cleaned_data["full_name"],
            phone=form.cleaned_data["phone"],
            password=form.cleaned_data["password1"],
            referral_code=code,
            address=_address(request),
        )
    except IntegrityError:
        if not arrivals.note_second(cedula=form.cleaned_data["cedula"], now=timezone.now()):
            raise
        return None


def _address(request: HttpRequest) -> str | None:
    """Return the address that a request came from: behind our own proxy, the last one that it put down."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_TLS else ""
    address = forwarded.rsplit(",", 1)[-1].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(address))
    except ValueError:
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


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def password(request: AuthenticatedRequest) -> HttpResponse:
    """Change one's own password; other sessions end, this one goes on."""
    form = OwnPasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, request.user)
        open_sessions.end_others(request.user, request.session)
        messages.success(request, "Su clave quedó cambiada.")
        return redirect("profile")
    return render(request, "accounts/password.html", {"form": form})


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """The data policy that people accept."""
    return render(request, "accounts/privacy.html", {"policy_version": policy.VERSION})
