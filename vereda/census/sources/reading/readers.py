"""The readers of replies: one for each face of the census page, and one for Verifik.

A kept reply names its reader, so that the same one can read it again (`replaying.py`).
"""

from dataclasses import dataclass
from typing import Protocol

from vereda.census.sources.port import Answer, Failure
from vereda.census.sources.reading.html_reply import read_html_reply
from vereda.census.sources.reading.json_reply import read_json_reply
from vereda.census.sources.reading.parsing import read_ajax_reply
from vereda.census.sources.reading.verifik_reply import read_verifik_reply


@dataclass(frozen=True, slots=True)
class Reply:
    """What the site sent back, as received."""

    body: str
    content_type: str
    http_status: int


class Reader(Protocol):
    """Reads replies of one kind."""

    name: str
    """Stored with kept replies."""

    def read(self, reply: Reply, cedula: str) -> Answer | Failure:
        """Return what the reply says about this cédula."""
        ...


class AjaxReader:
    """Reads what the AJAX page's form gets: JSON with HTML inside."""

    name = "ajax"

    def read(self, reply: Reply, cedula: str) -> Answer | Failure:
        return read_ajax_reply(reply.body, reply.content_type, reply.http_status, cedula)


class JsonReader:
    """Reads what the JSON page's script gets."""

    name = "json"

    def read(self, reply: Reply, cedula: str) -> Answer | Failure:
        return read_json_reply(reply.body, reply.content_type, reply.http_status, cedula)


class HtmlReader:
    """Reads the page that the HTML page's form leads to."""

    name = "html"

    def read(self, reply: Reply, cedula: str) -> Answer | Failure:
        return read_html_reply(reply.body, reply.content_type, reply.http_status, cedula)


class VerifikReader:
    """Reads what Verifik replies."""

    name = "verifik"

    def read(self, reply: Reply, cedula: str) -> Answer | Failure:
        return read_verifik_reply(reply.body, reply.content_type, reply.http_status, cedula)


READERS: tuple[Reader, ...] = (AjaxReader(), JsonReader(), HtmlReader(), VerifikReader())
