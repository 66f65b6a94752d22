"""The home page: the person's referral link, their goal, and their numbers."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from vereda.accounts import consents
from vereda.accounts.joining.invitations import invitation_of
from vereda.accounts.models import Policy
from vereda.accounts.requests import AuthenticatedRequest
from vereda.referrals.numbers import home_numbers


@require_safe
def home(request: AuthenticatedRequest) -> HttpResponse:
    """The person's referral link and numbers."""
    shown = home_numbers(request.user, timezone.now())
    given = consents.current_consents(request.user)
    context = {
        "is_member": given.is_member,
        "has_accepted": given.has_accepted(Policy.objects.current()),
        "invitation": invitation_of(request),
        "goal": shown.goal,
        "numbers": shown.numbers,
    }
    return render(request, "referrals/home.html", context)
