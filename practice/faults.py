"""What can happen to a request before any application sees it: the firewall, the gateway, the network.

Each comes ahead of every check of nonce and captcha. That is how it is in reality, and it has to be: a browser repeats
by itself a request whose kept-alive connection was cut, and the repetition must meet the same fate.
"""

import asyncio
import secrets
from collections.abc import Mapping
from typing import assert_never

from aiohttp import web

from practice.moods import Gate
from practice.render import html_page
from practice.site import Site


async def meet(  # noqa: PLR0911 - one line a gate
    site: Site, request: web.Request, gate: Gate, *, cedula: str = "", form: Mapping[str, str] | None = None
) -> web.Response | None:
    """Let the gate do its work. Returns nothing if the request may go on to the application."""
    match gate:
        case Gate.OPEN:
            return None
        case Gate.BLOCK_PAGE:
            return _blocked("The requested URL was rejected. Please consult with your administrator.", status=200)
        case Gate.SECURITY_EVENT:
            return _blocked("Señor usuario, se presentó un evento de seguridad. Intente más tarde.", status=500)
        case Gate.GATEWAY_TIMEOUT:
            return html_page("gateway.html", status=504, title="504 Gateway Time-out")
        case Gate.NO_REPLY:
            return await never_reply(site, request)
        case Gate.CUT:
            return cut(request)
        case Gate.CUT_FIRST_TIME:
            return cut(request) if _is_first(site, cedula, form or {}) else None
    assert_never(gate)


def _is_first(site: Site, cedula: str, form: Mapping[str, str]) -> bool:
    """Say whether this cédula is asked for the first time, or the browser repeats that first time by itself."""
    if cedula not in site.first_cut:
        site.first_cut[cedula] = form
    return site.first_cut[cedula] == form


async def never_reply(site: Site, request: web.Request) -> web.Response:
    """Keep the client waiting until it gives up, or until `hang_seconds` are over, when the connection is cut."""
    await asyncio.sleep(site.hang_seconds)
    return cut(request)


def cut(request: web.Request) -> web.Response:
    """Abort the connection without a byte of reply. What is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _blocked(explanation: str, *, status: int) -> web.Response:
    support_id = str(secrets.randbelow(9 * 10**18) + 10**18)
    return html_page("bloqueo.html", status=status, explanation=explanation, support_id=support_id)
