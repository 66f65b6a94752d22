"""Registration, password and the privacy notice."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from vereda.accounts import actions, policies, throttle
from vereda.accounts.entering import open_sessions
from vereda.accounts.entering.login import too_many_passwords
from vereda.accounts.forms import OwnPasswordForm, RegistrationForm
from vereda.accounts.joining import after_registration, links
from vereda.accounts.models import Policy, User
from vereda.accounts.requests import AuthenticatedRequest, address_of, network_of
from vereda.errors import too_many_requests
from vereda.lib.text import wait_in_words


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def register(request: HttpRequest) -> HttpResponse:
    """Join, through a leader's link or without one."""
    if request.user.is_authenticated:
        return redirect("home")
    code = links.code_of(request)
    form = RegistrationForm(request.POST or None, policy=Policy.objects.current())
    if request.method == "POST" and form.is_valid():
        if seconds := _seconds_to_wait(request):
            text = f"Desde aquí ya se registraron muchas personas. Espere {wait_in_words(seconds)}."
            return too_many_requests(request, text, seconds)
        return after_registration.respond(request, _registered(request, form, code))
    link = links.read(code)
    response = render(request, "accounts/register.html", {"form": form, "link": link})
    links.remember(response, link)
    return response


def _seconds_to_wait(request: HttpRequest) -> int:
    """Count a registration from this network; return 0, or the seconds to wait."""
    return throttle.take(
        purpose="registration",
        client=network_of(request) or "",
        most=settings.REGISTRATIONS_PER_HOUR,
        span=timedelta(hours=1),
        now=timezone.now(),
    )


def _registered(request: HttpRequest, form: RegistrationForm, code: str) -> User | None:
    """Return the new person; None when the cédula exists. Its owner then gets a notice."""
    try:
        return actions.register(
            cedula=form.cleaned_data["cedula"],
            full_name=form.cleaned_data["full_name"],
            phone=form.cleaned_data["phone"],
            password=form.cleaned_data["password1"],
            agreement=form.agreement(address_of(request)),
            referral_code=code,
        )
    except IntegrityError:
        if not after_registration.note_second(cedula=form.cleaned_data["cedula"], now=timezone.now()):
            raise
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def password(request: AuthenticatedRequest) -> HttpResponse:
    """Change one's own password; other sessions end, this one goes on."""
    if request.method == "POST" and (seconds := throttle.seconds_until_password(request.user, timezone.now())):
        return too_many_passwords(request, seconds)
    form = OwnPasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.change_password(user=request.user, password=form.cleaned_data["new_password1"])
        update_session_auth_hash(request, request.user)
        open_sessions.end_others(request.user, request.session)
        messages.success(request, "Su clave quedó cambiada.")
        return redirect("profile")
    return render(request, "accounts/password.html", {"form": form})


@login_not_required
@require_safe
def privacy(request: HttpRequest, version: str = "") -> HttpResponse:
    """The data policy that people accept, or a version that was in force before."""
    current = Policy.objects.current()
    shown = get_object_or_404(Policy.objects.published(), version=version) if version else current
    context = {"policy": shown, "policy_html": policies.rendered(shown.text), "is_current": shown == current}
    return render(request, "accounts/privacy.html", context)
