"""The person's open sessions, and ending those of other browsers."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from vereda.accounts.entering import open_sessions
from vereda.accounts.requests import AuthenticatedRequest


@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: AuthenticatedRequest) -> HttpResponse:
    """Where the person is logged in. POST ends one (`sesion`) or, without it, all but this one."""
    now = timezone.now()
    if request.method != "POST":
        found = open_sessions.sessions_of(request.user, request.session, now)
        return render(request, "accounts/sessions.html", {"sessions": found})
    handle = request.POST.get("sesion", "")
    if not handle:
        open_sessions.end_others(request.user, request.session)
        messages.success(request, "Listo: solo queda abierta esta sesión.")
    elif open_sessions.end_one(request.user, handle, request.session, now):
        messages.success(request, "Listo: esa sesión quedó cerrada.")
    else:
        messages.info(request, "Esa sesión ya estaba cerrada.")
    return redirect("sessions")
