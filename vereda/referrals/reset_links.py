"""Helping somebody who has forgotten their password: a link for them, which is shown once."""

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from vereda.accounts.entering import recovery
from vereda.accounts.models import User
from vereda.accounts.requests import AuthenticatedRequest
from vereda.referrals.access import leader_required


@require_http_methods(["GET", "HEAD", "POST"])
@leader_required
@sensitive_variables("token", "url", "context")
def reset_link(request: AuthenticatedRequest, user_id: int) -> HttpResponse:
    """What the link is for; POST makes one and shows it. It ends those made before."""
    person = get_object_or_404(User.objects.visible_to(request.user), pk=user_id)
    if not recovery.may_help(request.user, person):
        raise PermissionDenied
    context: dict[str, object] = {"person": person}
    if request.method == "POST":
        try:
            token = recovery.issue(person=person, issuer=request.user, now=timezone.now())
        except User.DoesNotExist:  # erased meanwhile
            raise Http404 from None
        url = request.build_absolute_uri(reverse("recover-link", args=[token]))
        text = f"Con este enlace pone una clave nueva en Vereda. Sirve una sola vez, por 30 minutos: {url}"
        context |= {"url": url, "whatsapp_url": f"https://wa.me/?{urlencode({'text': text})}"}
    return render(request, "referrals/reset_link.html", context)
