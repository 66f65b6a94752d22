"""Login required everywhere, also for the fragments that htmx asks for, and nothing personal kept by browsers."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import middleware
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.cache import patch_cache_control
from django.utils.deprecation import MiddlewareMixin
from django_htmx.http import HttpResponseClientRedirect

from vereda.accounts.entering import second_step
from vereda.accounts.models import User


class LoginRequiredMiddleware(middleware.LoginRequiredMiddleware):
    """Sends the whole page to the login when a session ended, so that no login form is swapped into a card."""

    def process_view(self, request: HttpRequest, view_func: Callable[..., Any], *args: Any) -> HttpResponseBase | None:
        """Refuse anonymous users; mark the response of a logged-in user as personal."""
        refusal: HttpResponseBase | None = super().process_view(request, view_func, *args)
        request.is_personal = refusal is None and request.user.is_authenticated  # type: ignore[attr-defined]
        return refusal

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Forbid caching of personal pages: "back" on a shared phone must not show them after the logout."""
        if getattr(request, "is_personal", False):
            patch_cache_control(response, no_store=True, private=True)
        return response

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        """Redirect to the login with `next`. For htmx, redirect the whole page and not the fragment."""
        login = resolve_url(self.get_login_url(view_func))
        if request.htmx:  # type: ignore[attr-defined]
            page = f"{login}?{urlencode({'next': _page_of(request)})}"
            return HttpResponseClientRedirect(page)  # type: ignore[return-value]  # Django's annotation is narrower
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseRedirect(login)  # what was posted is not asked for again
        return super().handle_no_permission(request, view_func)


class SecondStepMiddleware(MiddlewareMixin):
    """Redirects a user who must set up a second step to the page where that is done."""

    OPEN = frozenset({"second-step", "second-step-start", "second-step-on", "logout"})

    def process_view(self, request: HttpRequest, view_func: Callable[..., Any], *args: Any) -> HttpResponseBase | None:
        """Refuse every page that needs a login except those in `OPEN`."""
        user = request.user
        if not getattr(view_func, "login_required", True) or not isinstance(user, User):
            return None
        if user.second_step_since is not None or not second_step.is_required(user):
            return None
        if request.resolver_match and request.resolver_match.url_name in self.OPEN:
            return None
        address = resolve_url("second-step")
        return HttpResponseClientRedirect(address) if request.htmx else redirect(address)  # type: ignore[attr-defined]


def _page_of(request: HttpRequest) -> str:
    try:
        return request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
    except ValueError:
        return "/"
