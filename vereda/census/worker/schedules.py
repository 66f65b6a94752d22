"""Scheduled tasks that Django-Q2's scheduler cannot start: it starts all due ones in one transaction, or none of them.

Anybody with access to the administration can write such a row. Those of the product are well-formed.
"""

import ast
import logging
from datetime import datetime, timedelta
from typing import Any

from django_q.models import Schedule

logger = logging.getLogger(__name__)

LONG_AGO = timedelta(days=365)
"""The scheduler counts every missed run of a recurring task, one by one: from the year 26 on it would for ever."""


def disable_malformed(*, now: datetime) -> int:
    """Keep the scheduler from rows that are due and would stop it; return how many there were.

    They stay in the administration, with no repeats left, for whoever wrote them.
    """
    malformed = 0
    for row in Schedule.objects.exclude(repeats=0).filter(next_run__lt=now).iterator():
        error = _why_malformed(row, now)
        if error is not None:
            malformed += Schedule.objects.filter(pk=row.pk).update(repeats=0)
            logger.error("schedule.disabled schedule=%s error=%s", row.pk, type(error).__name__)
    return malformed


def _why_malformed(row: Any, now: datetime) -> Exception | None:
    """Return what the scheduler would raise about this row."""
    try:
        if row.schedule_type != Schedule.ONCE:
            _look_at_times(row, now)
        kwargs = _keywords(row.kwargs) if row.kwargs else {}
        options = dict(kwargs.get("q_options", {}))
        options.get("cluster")
        args = ast.literal_eval(row.args) if row.args else ()
        dated = {row.intended_date_kwarg: ""} if row.intended_date_kwarg else {}
        _queue(row.func, *(args if type(args) is tuple else (args,)), **{**kwargs, **dated})
    except Exception as error:  # noqa: BLE001 - whatever it is, the scheduler would raise it too
        return error
    return None


def _look_at_times(row: Any, now: datetime) -> None:
    """Compute the next run as the scheduler will. Raises whatever that raises."""
    if row.next_run < now - LONG_AGO:
        raise ValueError("due too long ago")
    row.calculate_next_run(row.next_run)


def _keywords(text: str) -> Any:
    """Read keyword arguments as the scheduler does: as a dictionary, else as what stands in a call's brackets."""
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        pass
    try:
        call: Any = ast.parse(f"f({text})").body[0]
        return {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.value.keywords}
    except (SyntaxError, ValueError):
        return {}


def _queue(func: str, *args: object, **kwargs: object) -> None:
    """Take what Django-Q2's `async_task` takes."""
