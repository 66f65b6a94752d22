"""A request with a logged-in user, and the network address of a request."""

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from vereda.accounts.models import User

_IPV6_PREFIX = 64


class AuthenticatedRequest(HttpRequest):
    """A request of somebody who logged in."""

    user: User
    htmx: HtmxDetails


def address_of(request: HttpRequest) -> str | None:
    """Return the IP address of a request: behind proxies of ours, the one that the outermost proxy saw.

    Values further left in X-Forwarded-For come from the client and cannot be trusted.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.PROXY_COUNT:
        seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        address = seen[-settings.PROXY_COUNT :][0] or address
    try:
        return str(ip_address(address))
    except ValueError:
        return None


def network_of(request: HttpRequest) -> str | None:
    """Return what rate limits count by: the IPv4 address or the IPv6 /64, because one phone has many IPv6 addresses."""
    address = address_of(request)
    if address is None or ":" not in address:
        return address
    return str(ip_network(f"{address.partition('%')[0]}/{_IPV6_PREFIX}", strict=False).network_address)
