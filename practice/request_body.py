"""Reading what clients post. A malformed body counts as an empty one and is never an error."""

import json
import zlib

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

_MALFORMED_FORM = (
    ValueError,
    LookupError,
    AssertionError,
    RuntimeError,
    RuntimeWarning,  # where warnings are errors, as in tests
    zlib.error,
    HttpProcessingError,
)
"""What aiohttp raises for a malformed form: each kind of mistake has another exception."""


async def form_of(request: web.Request) -> dict[str, str]:
    """Return the posted text fields; of a repeated one, the last."""
    try:
        posted = await request.post()
    except _MALFORMED_FORM:
        return {}
    return {name: value for name, value in posted.items() if isinstance(value, str)}


async def json_of(request: web.Request) -> dict[str, object]:
    """Return the posted JSON object; an empty one for other JSON values too."""
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
