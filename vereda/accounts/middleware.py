"""Login required everywhere, also for the fragments that htmx asks for."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import middleware
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect


class LoginRequiredMiddleware(middleware.LoginRequiredMiddleware):
    """Sends the whole page to the login when a session ended, so that no login form is swapped into a card."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        """Return a redirect to the login; for htmx one that its whole page follows."""
        if not request.htmx:  # type: ignore[attr-defined]
            return super().handle_no_permission(request, view_func)
        page = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
        login = f"{resolve_url(self.get_login_url(view_func))}?{urlencode({'next': page})}"
        return HttpResponseClientRedirect(login)  # type: ignore[return-value]  # Django's annotation is narrower
