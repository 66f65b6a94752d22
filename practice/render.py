"""The pages and scripts of `pages/` as responses. A page's `$names` are replaced by values."""

from functools import cache
from pathlib import Path
from string import Template

from aiohttp import web

PAGES = Path(__file__).parent / "pages"


def html_page(name: str, *, status: int = 200, **values: str) -> web.Response:
    """Return a page of `pages/`. The values must be HTML already: they are not escaped."""
    return web.Response(text=_template(name).substitute(values), status=status, content_type="text/html")


def script(name: str) -> web.Response:
    return web.Response(text=_read(name), content_type="text/javascript")


@cache
def _template(name: str) -> Template:
    return Template(_read(name))


@cache
def _read(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")
