"""Kept replies, read again after a parser was recording. Asks nobody."""

import re
from collections.abc import Iterable
from dataclasses import astuple, replace

from vereda.census.sources.port import Answer, Failure
from vereda.census.sources.reading.evidence import has_placeholder, is_cut, scrub, with_cedula
from vereda.census.sources.reading.readers import READERS, Reader, Reply

_READER = re.compile(r"(?P<name>\S+) (?P<http_status>[0-9]{1,3}) (?P<media_type>\S*)", re.ASCII)
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,30}/[\w.+-]{1,30}", re.ASCII)


def with_reply(failure: Failure, read_by: Reader, reply: Reply) -> Failure:
    """Return the failure with the reply as its evidence, and with how that can be read again."""
    media_type = _MEDIA_TYPE.match(reply.content_type)
    reader = f"{read_by.name} {reply.http_status} {media_type[0] if media_type else ''}"
    return replace(failure, evidence=scrub(reply.body), reader=reader)


def read_again(evidence: str, reader: str, cedula: str, readers: Iterable[Reader] = READERS) -> Answer | None:
    """Return what today's reader finds in a kept reply; None if that is no answer, or the reply is not whole."""
    read_by = _READER.fullmatch(reader)
    known = next((known for known in readers if read_by and known.name == read_by["name"]), None)
    if read_by is None or known is None or is_cut(evidence):
        return None
    reply = Reply(with_cedula(evidence, cedula), read_by["media_type"], int(read_by["http_status"]))
    outcome = known.read(reply, cedula)
    if isinstance(outcome, Failure) or any(map(has_placeholder, astuple(outcome))):
        return None
    return outcome
