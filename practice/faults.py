"""Faults outside the application: a request that the firewall, the gateway or the network does not let through.

They come before every check of nonce and captcha, as in reality. It matters for cut connections: a browser repeats such
a request by itself. After the checks, the first request would have used up the captcha, and the repeated one would be
refused instead of cut.
"""

import asyncio
import secrets
from collections.abc import Mapping
from typing import assert_never

from aiohttp import web

from practice.moods import Fault
from practice.render import html_page
from practice.site import Site


async def inject(  # noqa: PLR0911 - one case per fault
    site: Site, request: web.Request, fault: Fault, *, cedula: str = "", form: Mapping[str, str] | None = None
) -> web.Response | None:
    """Return the faulty reply. Returns nothing if the request may go on to the application."""
    match fault:
        case Fault.NONE:
            return None
        case Fault.BLOCK_PAGE:
            return _blocked("The requested URL was rejected. Please consult with your administrator.", status=200)
        case Fault.SECURITY_EVENT:
            return _blocked("Señor usuario, se presentó un evento de seguridad. Intente más tarde.", status=500)
        case Fault.GATEWAY_TIMEOUT:
            return html_page("gateway.html", status=504, title="504 Gateway Time-out")
        case Fault.NO_REPLY:
            return await never_reply(site, request)
        case Fault.CUT:
            return cut(request)
        case Fault.CUT_FIRST_TIME:
            return cut(request) if _is_first(site, cedula, form or {}) else None
    assert_never(fault)


def _is_first(site: Site, cedula: str, form: Mapping[str, str]) -> bool:
    """Say whether this is the first request about this cédula, or the browser's own repetition of it."""
    if cedula not in site.first_cut:
        site.first_cut[cedula] = form
    return site.first_cut[cedula] == form


async def never_reply(site: Site, request: web.Request) -> web.Response:
    """Keep the client waiting. After `hang_seconds` the connection is cut."""
    await asyncio.sleep(site.hang_seconds)
    return cut(request)


def cut(request: web.Request) -> web.Response:
    """Close the connection without a reply. aiohttp wants a response all the same, and nobody receives it."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _blocked(explanation: str, *, status: int) -> web.Response:
    support_id = str(secrets.randbelow(9 * 10**18) + 10**18)
    return html_page("bloqueo.html", status=status, explanation=explanation, support_id=support_id)
