"""Which face of the census page is shown where: each at its own address, and at the usual one whichever was chosen."""

from collections.abc import Callable
from functools import partial

from aiohttp import web

from practice import ajax_face, census_page, html_face, json_face
from practice.render import script
from practice.site import Face, Site

PATH = "/censo/consultar/"
"""The usual address: AJAX, unless the site was told to change its face."""

PATHS = {Face.AJAX: PATH, Face.HTML: "/consultar/", Face.JSON: "/consultacenso/"}

type FaceNow = Callable[[], Face]


def routes(site: Site) -> list[web.RouteDef]:
    """Return the addresses of all faces; the real pages answer without the final slash as well."""

    async def functions(_: web.Request) -> web.Response:
        return script("functions.js")

    now: dict[str, FaceNow] = {path: partial(Face, face) for face, path in PATHS.items()} | {PATH: lambda: site.face}
    pages = [
        route
        for path, face in now.items()
        for address in (path, path.rstrip("/"))
        for route in _page_routes(site, address, face)
    ]
    return [*pages, web.get("/censo/public/js/functions.js", functions), *json_face.routes(site)]


def _page_routes(site: Site, path: str, face: FaceNow) -> list[web.RouteDef]:
    async def load(request: web.Request) -> web.Response:
        return await census_page.load(site, request, partial(_FORM_PAGES[face()], site, request))

    async def ask(request: web.Request) -> web.Response:
        match face():
            case Face.AJAX:
                return await ajax_face.ask(site, request)
            case Face.HTML:
                return await html_face.ask(site, request)
            case Face.JSON:
                raise web.HTTPMethodNotAllowed("POST", ["GET"])

    return [web.get(path, load), web.post(path, ask)]


_FORM_PAGES = {Face.AJAX: ajax_face.form_page, Face.HTML: html_face.form_page, Face.JSON: json_face.form_page}
