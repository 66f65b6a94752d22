"""Choosing a new password with a link. The token moves at once from the address to a cookie for these pages only."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from vereda.accounts.entering import recovery
from vereda.accounts.forms import NewPasswordForm

_COOKIE = "__Secure-recuperar" if settings.SESSION_COOKIE_SECURE else "recuperar"  # its path rules __Host- out


@login_not_required
@require_safe
@never_cache
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Move the token into a cookie, because addresses stay in histories and logs. A GET does not use the token up."""
    response = redirect("recover")
    response.set_cookie(
        _COOKIE,
        token,
        max_age=settings.PASSWORD_RESET_TIMEOUT,
        path=reverse("recover"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters()
def recover(request: HttpRequest) -> HttpResponse:
    """Choose a new password. It logs nobody in, so that a second step is still asked for. 410 for an invalid link."""
    token = request.COOKIES.get(_COOKIE, "")
    person = recovery.person_of(token)
    if person is None:
        return _over(request)
    form = NewPasswordForm(person, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/recover.html", {"form": form, "person": person})
    if not recovery.use(token=token, password=form.cleaned_data["new_password1"]):
        return _over(request)
    logout(request)  # if somebody was logged in here: whose session it was may have ended
    messages.success(request, "Su clave quedó cambiada. Ingrese con su cédula y la clave nueva.")
    return _without_token(redirect("login"))


def _over(request: HttpRequest) -> HttpResponse:
    return _without_token(render(request, "accounts/recover_over.html", status=410))


def _without_token(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(_COOKIE, path=reverse("recover"), samesite="Lax")
    return response
