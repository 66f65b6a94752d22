"""The type of request that a view behind the login gets, and where a request came from."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from vereda.accounts.models import User


class AuthenticatedRequest(HttpRequest):
    """A request of somebody who logged in."""

    user: User
    htmx: HtmxDetails


def address_of(request: HttpRequest) -> str | None:
    """Return the address that a request came from: behind our own proxy, the last one that it put down."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_TLS else ""
    address = forwarded.rsplit(",", 1)[-1].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(address))
    except ValueError:
        return None
