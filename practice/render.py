"""The pages of `pages/`, with their `$names` filled in, and the tolerant reading of what clients post."""

import zlib
from functools import cache
from pathlib import Path
from string import Template

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

UNREADABLE = (
    ValueError,
    LookupError,
    AssertionError,
    RuntimeError,
    RuntimeWarning,  # where warnings are errors, as in tests
    zlib.error,
    HttpProcessingError,
)
"""What aiohttp raises for a malformed form, according to what is wrong with it."""

PAGES = Path(__file__).parent / "pages"


def html_page(name: str, *, status: int = 200, **values: str) -> web.Response:
    """Return a page as a response. The values must be HTML already."""
    return web.Response(text=_template(name).substitute(values), status=status, content_type="text/html")


def script(name: str) -> web.Response:
    """Return a script of `pages/` as it is."""
    return web.Response(text=_read(name), content_type="text/javascript")


async def form_of(request: web.Request) -> dict[str, str]:
    """Return the posted text fields, the last of each name. A body that nobody can read has none."""
    try:
        posted = await request.post()
    except UNREADABLE:
        return {}
    return {name: value for name, value in posted.items() if isinstance(value, str)}


@cache
def _template(name: str) -> Template:
    return Template(_read(name))


@cache
def _read(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")
