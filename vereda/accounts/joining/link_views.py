"""Pages about one's referral link: QR codes, the card to print, the short address, pausing and changing it."""

from io import BytesIO

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from vereda.accounts.joining import links
from vereda.accounts.joining.invitations import invitation_of
from vereda.accounts.requests import AuthenticatedRequest

CARDS = range(4)
"""How many cards a sheet of paper holds."""

_PNG_SCALE = 20
"""Pixels of a QR code's smallest square: 900 in all, enough for a poster."""


@login_not_required
@require_safe
def invitation(request: HttpRequest, code: str) -> HttpResponse:
    """Redirect from the short address on printed cards to the registration."""
    return redirect(reverse("register", query={"ref": code}))


@require_safe
def qr_svg(request: AuthenticatedRequest) -> HttpResponse:
    return _download(request, "svg", "image/svg+xml", scale=8)


@require_safe
def qr_png(request: AuthenticatedRequest) -> HttpResponse:
    return _download(request, "png", "image/png", scale=_PNG_SCALE)


def _download(request: AuthenticatedRequest, kind: str, media_type: str, *, scale: int) -> HttpResponse:
    picture = BytesIO()
    invitation_of(request).qr.save(picture, kind=kind, scale=scale, border=4)
    headers = {"Content-Disposition": f'attachment; filename="invitacion-vereda.{kind}"'}
    return HttpResponse(picture.getvalue(), media_type, headers=headers)


@require_safe
def card(request: AuthenticatedRequest) -> HttpResponse:
    """The link for paper: with its QR code, who invites, and an address that can be typed."""
    return render(request, "accounts/card.html", {"invitation": invitation_of(request), "cards": CARDS})


@require_POST
def pause(request: AuthenticatedRequest) -> HttpResponse:
    links.pause(person=request.user)
    messages.success(request, "Su enlace quedó en pausa: por ahora nadie queda en su grupo con él.")
    return redirect("home")


@require_POST
def resume(request: AuthenticatedRequest) -> HttpResponse:
    links.resume(person=request.user)
    messages.success(request, "Su enlace vuelve a funcionar.")
    return redirect("home")


@require_POST
def renew(request: AuthenticatedRequest) -> HttpResponse:
    """Get another link; the one of before leads nowhere any more."""
    links.renew(person=request.user)
    messages.success(request, "Este es su enlace nuevo. El anterior ya no sirve: vuelva a enviarlo y a imprimirlo.")
    return redirect("home")
