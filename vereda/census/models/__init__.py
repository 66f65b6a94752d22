"""The census's tables: a record for each person, what the engine writes down, and what its watchdog does."""

from vereda.census.models.engine import LookupAttempt, SourceState, Worker
from vereda.census.models.querysets import CedulaInfoQuerySet
from vereda.census.models.record import LONGEST_READER, BulkRefresh, CedulaInfo, Priority, Reason
from vereda.census.models.watching import Alert, CaptchaBalance, Restart

__all__ = [
    "LONGEST_READER",
    "Alert",
    "BulkRefresh",
    "CaptchaBalance",
    "CedulaInfo",
    "CedulaInfoQuerySet",
    "LookupAttempt",
    "Priority",
    "Reason",
    "Restart",
    "SourceState",
    "Worker",
]
