"""What follows a registration: the same for a new person and for a cédula that has an account already.

After a registration `/` shows a greeting once, the same in both cases, so that nobody learns whether a cédula is
registered (docs/decisions/0017 says what can be learnt all the same). Only a new person is logged in. The owner of an
account gets a notice on their pages; only the time of the attempt is kept.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.deprecation import MiddlewareMixin

from vereda.accounts.joining import links
from vereda.accounts.models import User

_GREETING = f"{settings.COOKIE_PREFIX}bienvenida"
_GREETING_SECONDS = 300


def respond(request: HttpRequest, user: User | None) -> HttpResponse:
    """Return the response to a registration. `user` is None for a cédula that was registered before."""
    if user:
        login(request, user)
    else:
        request.session.cycle_key()
        rotate_token(request)
    request.session.set_expiry(0)  # a leader's phone may register many people: only a login is remembered
    response = redirect("home")
    response.set_cookie(
        _GREETING,
        "1",
        max_age=_GREETING_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    links.forget(response)
    return response


def note_second(*, cedula: str, now: datetime) -> bool:
    """Keep when a cédula was registered again, for the notice; False when it has no account."""
    return User.objects.filter(cedula=cedula).update(registration_tried_at=now) == 1


def forget_second(*, person: User) -> None:
    """Remove the notice: the owner has read it."""
    User.objects.filter(pk=person.pk).update(registration_tried_at=None)


class GreetingMiddleware(MiddlewareMixin):
    """Shows the greeting once after a registration, before authentication is checked."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Answer the one request that follows a registration."""
        match = request.resolver_match
        is_home = match is not None and match.url_name == "home" and request.method in {"GET", "HEAD"}
        return _greet(request) if is_home and request.COOKIES.get(_GREETING) else None


def _greet(request: HttpRequest) -> HttpResponse:
    """Return the greeting as an anonymous user would get it."""
    response = render(request, "accounts/greeting.html", {"user": AnonymousUser()})
    patch_cache_control(response, no_store=True, private=True)
    response.delete_cookie(_GREETING, samesite="Lax")
    return response
