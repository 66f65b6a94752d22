"""The census's tables: a record for each person, and what the engine writes down."""

from vereda.census.models.engine import LookupAttempt, SourceState, Worker
from vereda.census.models.querysets import CedulaInfoQuerySet
from vereda.census.models.record import LONGEST_READER, BulkRefresh, CedulaInfo, Priority, Reason

__all__ = [
    "LONGEST_READER",
    "BulkRefresh",
    "CedulaInfo",
    "CedulaInfoQuerySet",
    "LookupAttempt",
    "Priority",
    "Reason",
    "SourceState",
    "Worker",
]
