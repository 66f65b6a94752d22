"""The type of request that a view behind the login gets."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from vereda.accounts.models import User


class AuthenticatedRequest(HttpRequest):
    """A request of somebody who logged in."""

    user: User
    htmx: HtmxDetails
