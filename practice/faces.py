"""The routes of the census page: each face has its own address, and the usual address shows the chosen one."""

from functools import partial

from aiohttp import web

from practice import ajax_face, census_page, html_face, json_face
from practice.render import script
from practice.site import Face, Site

PATH = "/censo/consultar/"
"""The usual address. It shows the AJAX face unless another one was chosen (`Site.face`)."""

PATHS = {Face.AJAX: PATH, Face.HTML: "/consultar/", Face.JSON: "/consultacenso/"}

_FORM_PAGES = {Face.AJAX: ajax_face.form_page, Face.HTML: html_face.form_page, Face.JSON: json_face.form_page}


def routes(site: Site) -> list[web.RouteDef]:
    async def functions(_: web.Request) -> web.Response:
        return script("functions.js")

    pages = [route for face, path in PATHS.items() for route in _page_routes(site, path, face)]
    return [*pages, web.get("/censo/public/js/functions.js", functions), *json_face.routes(site)]


def _page_routes(site: Site, path: str, own_face: Face) -> list[web.RouteDef]:
    def shown() -> Face:
        return site.face if path == PATH else own_face

    async def load(request: web.Request) -> web.Response:
        return await census_page.load(site, request, partial(_FORM_PAGES[shown()], site, request))

    async def ask(request: web.Request) -> web.Response:
        match shown():
            case Face.AJAX:
                return await ajax_face.ask(site, request)
            case Face.HTML:
                return await html_face.ask(site, request)
            case Face.JSON:
                raise web.HTTPMethodNotAllowed("POST", ["GET"])

    # The real pages answer without the final slash as well.
    addresses = (path, path.rstrip("/"))
    return [route for address in addresses for route in (web.get(address, load), web.post(address, ask))]
