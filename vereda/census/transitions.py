"""What an event makes of a record, as the fields of one UPDATE: being asked for, answered, failed, and closed."""

from datetime import datetime
from typing import Any

from django.db.models import Case, Value, When

from vereda.accounts.models import User
from vereda.census import caps, rules, wording
from vereda.census.models import LONGEST_READER, Priority, Reason
from vereda.census.sources.port import Answer, Failure, answer_texts
from vereda.census.sources.reading.evidence import scrub, without_cedula
from vereda.census.statuses import UNAUTHORISED, Status

NO_EVIDENCE: dict[str, Any] = {"raw_response": "", "evidence_at": None, "evidence_source": "", "evidence_reader": ""}
NO_CLAIM: dict[str, Any] = {"claim_token": None, "claimed_at": None, "claim_expires_at": None, "claimed_by": ""}
NO_ANSWER: dict[str, Any] = {
    **answer_texts(),
    "answer_status": "",
    "answer_source": "",
    "fetched_at": None,
}


def newly_asked(*, requested_by: User, reason: Reason, now: datetime) -> dict[str, Any]:
    """Return what a new request makes of a record: due at once, counted, and reset except for the last answer."""
    return {
        "status": Status.PENDING,
        "requested_at": now,
        "requested_by": requested_by,
        "reason": reason,
        "priority": Case(When(caps.is_repeat(now), then=Value(Priority.REPEAT)), default=Value(reason.priority)),
        **caps.counted(requested_by=requested_by, now=now),
        "attempts": 0,
        "losses": 0,
        "captchas": 0,
        "captcha_task": "",
        "next_at": now,
        "error_message": "",
        **NO_EVIDENCE,
    }


def newly_answered(*, answer: Answer, source: str, now: datetime) -> dict[str, Any]:
    """Return what an answer makes of a record: it replaces the answer before and the last failure."""
    status = rules.status_of_answer(answer)
    return {
        "status": status,
        **answer_texts(answer),
        "answer_status": status,
        "answer_source": source,
        "fetched_at": now,
        "error_message": "",
        "captcha_task": "",
        **NO_EVIDENCE,
    }


def newly_failed(*, failure: Failure, cedula: str, source: str, now: datetime) -> dict[str, Any]:
    """Return what a failed attempt tells of a record: a sentence for people, and the reply as evidence.

    The reply is scrubbed here for every source. A failure without a reply leaves the one that is there.
    """
    message = {"error_message": wording.of_failure(failure.kind, source)}
    kept = without_cedula(scrub(failure.evidence), cedula)
    if not kept:
        return message
    return {
        **message,
        "raw_response": kept,
        "evidence_at": now,
        "evidence_source": source,
        "evidence_reader": failure.reader[:LONGEST_READER],
    }


def newly_closed(*, next_at: datetime) -> dict[str, Any]:
    """Return what the lack of consent makes of a record: empty, and not due before that time."""
    return {
        "status": UNAUTHORISED,
        "requested_by": None,
        "bulk": None,
        "status_before": "",
        "message_before": "",
        "attempts": 0,
        "losses": 0,
        "captchas": 0,
        "captcha_task": "",
        "captcha_source": "",
        "next_at": next_at,
        "error_message": "",
        **NO_ANSWER,
        **NO_CLAIM,
        **NO_EVIDENCE,
    }
