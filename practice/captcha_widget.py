"""Replaces Google's captcha script: a person can try the page by hand, and nothing is loaded from other sites."""

from aiohttp import web

from practice.render import script
from practice.request_body import form_of
from practice.site import Site
from practice.tokens import page_of


def routes(site: Site) -> list[web.RouteDef]:
    async def api(_: web.Request) -> web.Response:
        return script("api.js")

    async def token(request: web.Request) -> web.Response:
        form = await form_of(request)
        page = page_of(form.get("page", ""))
        return web.Response(text=site.tokens.issue(page, form.get("sitekey", ""), solved_at=site.clock()))

    return [web.get("/recaptcha/api.js", api), web.post("/recaptcha/practica", token)]
