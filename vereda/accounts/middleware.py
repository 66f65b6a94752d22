"""Login required everywhere, also for the fragments that htmx asks for, and nothing personal kept by browsers."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import middleware
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.cache import patch_cache_control
from django_htmx.http import HttpResponseClientRedirect


class LoginRequiredMiddleware(middleware.LoginRequiredMiddleware):
    """Sends the whole page to the login when a session ended, so that no login form is swapped into a card."""

    def process_view(self, request: HttpRequest, view_func: Callable[..., Any], *args: Any) -> HttpResponseBase | None:
        """Refuse strangers; remember that what a person gets is theirs."""
        refusal: HttpResponseBase | None = super().process_view(request, view_func, *args)
        request.is_personal = refusal is None and request.user.is_authenticated  # type: ignore[attr-defined]
        return refusal

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Keep a person's pages out of every cache: "back" on a shared phone must not show them after the logout."""
        if getattr(request, "is_personal", False):
            patch_cache_control(response, no_store=True, private=True)
        return response

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        """Return a redirect to the login, and from there back to the page; for htmx one that its whole page follows."""
        login = resolve_url(self.get_login_url(view_func))
        if request.htmx:  # type: ignore[attr-defined]
            page = f"{login}?{urlencode({'next': _page_of(request)})}"
            return HttpResponseClientRedirect(page)  # type: ignore[return-value]  # Django's annotation is narrower
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseRedirect(login)  # what was posted is not asked for again
        return super().handle_no_permission(request, view_func)


def _page_of(request: HttpRequest) -> str:
    """Return the path of the page that htmx runs in."""
    try:
        return request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
    except ValueError:
        return "/"
