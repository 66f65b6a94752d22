"""The keys with which the service itself is broken."""

from aiohttp import web

from practice.captcha import BAD_GATEWAY_KEY, GARBAGE_KEY, NO_ANSWER_KEY
from practice.gates import never_reply
from practice.render import html_page
from practice.site import Site


async def broken_service(site: Site, request: web.Request, key: str) -> web.Response | None:
    """Return what a broken service says for this key, or nothing if it works."""
    if key == NO_ANSWER_KEY:
        return await never_reply(site, request)
    if key == GARBAGE_KEY:
        return web.Response(body=b"\x00\x1f<<<\xff\xfe no es una respuesta {[", content_type="text/plain")
    if key == BAD_GATEWAY_KEY:
        return html_page("gateway.html", status=502, title="502 Bad Gateway")
    return None
