"""What a request tells: who asks, and from where."""

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
    """Return the address that a request came from: behind our own proxies, the one that the outermost of them saw.

    What stands further left in X-Forwarded-For was sent by whoever asks, and may be made up.
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
    """Return from where a request came, for counting: of IPv6 the network, for one phone has many addresses in it."""
    address = address_of(request)
    if address is None or ":" not in address:
        return address
    return str(ip_network(f"{address.partition('%')[0]}/{_IPV6_PREFIX}", strict=False).network_address)
