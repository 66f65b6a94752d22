"""Setting up the second step of one's login, renewing its recovery codes, and turning it off."""

from collections.abc import Callable
from functools import wraps

import segno
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from vereda.accounts import throttle
from vereda.accounts.entering import open_sessions, second_step
from vereda.accounts.entering.login import too_many_codes, too_many_passwords
from vereda.accounts.forms import CodeForm, PasswordAndCodeForm
from vereda.accounts.requests import AuthenticatedRequest

type View = Callable[[AuthenticatedRequest], HttpResponse]


def offered(view: View) -> View:
    """Answer 403 to people who are not offered a second step."""

    @wraps(view)
    def guarded(request: AuthenticatedRequest) -> HttpResponse:
        if not request.user.may_have_second_step:
            raise PermissionDenied
        return view(request)

    return guarded


@require_safe
@offered
def page(request: AuthenticatedRequest) -> HttpResponse:
    """How one's second step stands: off, being set up, or on."""
    return _page(request)


@require_POST
@offered
def start(request: AuthenticatedRequest) -> HttpResponse:
    """Make a secret for the phone, a new one every time."""
    if request.user.second_step_since is None:
        second_step.start(user=request.user)
    return redirect("second-step")


@require_POST
@sensitive_post_parameters()
@offered
def turn_on(request: AuthenticatedRequest) -> HttpResponse:
    """Confirm the secret with a code, and turn the second step on. Ends one's other sessions."""
    form = CodeForm(request.POST)
    if request.user.second_step_since is not None:
        return redirect("second-step")
    if not form.is_valid():
        return _page(request, code_form=form)
    verdict = second_step.check(user=request.user, code=form.cleaned_data["code"], is_confirmed=False)
    if verdict.seconds_left:
        return too_many_codes(request, verdict)
    if not verdict.is_right:
        form.add_wrong_error()
        return _page(request, code_form=form)
    codes = second_step.turn_on(user=request.user, now=timezone.now())
    update_session_auth_hash(request, request.user)
    open_sessions.end_others(request.user, request.session)
    return render(request, "accounts/recovery_codes.html", {"codes": codes, "is_new": True})


@require_POST
@sensitive_post_parameters()
@offered
def renew_codes(request: AuthenticatedRequest) -> HttpResponse:
    refusal = _refusal(request)
    if refusal is not None:
        return refusal
    codes = second_step.renew_recovery_codes(user=request.user)
    return render(request, "accounts/recovery_codes.html", {"codes": codes})


@require_POST
@sensitive_post_parameters()
@offered
def turn_off(request: AuthenticatedRequest) -> HttpResponse:
    """Turn the second step off, by password and code. Ends one's other sessions."""
    if second_step.is_required(request.user):
        raise PermissionDenied
    refusal = _refusal(request)
    if refusal is not None:
        return refusal
    second_step.turn_off(user=request.user, actor=request.user)
    update_session_auth_hash(request, request.user)
    open_sessions.end_others(request.user, request.session)
    messages.success(request, "Listo: para ingresar basta otra vez su clave.")
    return redirect("second-step")


def _refusal(request: AuthenticatedRequest) -> HttpResponse | None:
    """Return the refusal; None when password and code are right. A wrong password does not use the code up."""
    if request.user.second_step_since is None:
        return redirect("second-step")
    if seconds := throttle.seconds_until_password(request.user, timezone.now()):
        return too_many_passwords(request, seconds)
    form = PasswordAndCodeForm(request.user, request.POST)
    if not form.is_valid():
        return _page(request, sure_form=form)
    verdict = second_step.check(user=request.user, code=form.cleaned_data["code"])
    if verdict.seconds_left:
        return too_many_codes(request, verdict)
    if not verdict.is_right:
        form.add_wrong_error()
        return _page(request, sure_form=form)
    return None


def _page(
    request: AuthenticatedRequest,
    *,
    code_form: CodeForm | None = None,
    sure_form: PasswordAndCodeForm | None = None,
) -> HttpResponse:
    """Return the page, with what was typed into one of its forms."""
    user = request.user
    device = None if user.second_step_since else second_step.unconfirmed(user)
    context = {
        "is_required": second_step.is_required(user),
        "form": code_form or sure_form or (CodeForm() if device else PasswordAndCodeForm(user)),
        "codes_left": second_step.recovery_codes_left(user) if user.second_step_since else 0,
    }
    if device:
        secret = second_step.spelled(device)
        qr = segno.make(second_step.address_of(device), micro=False).svg_inline(border=2, omitsize=True)
        context["secret"] = [secret[start : start + 4] for start in range(0, len(secret), 4)]
        context["qr_svg"] = mark_safe(qr)  # noqa: S308 - segno's own
    return render(request, "accounts/second_step.html", context)
