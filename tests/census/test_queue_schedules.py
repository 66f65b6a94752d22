"""The recurring tasks."""

from typing import Any

import pytest
from django_q.models import Schedule

from vereda.census import queue
from vereda.census.models import SourceState


@pytest.mark.django_db
def test_migrating_twice_leaves_one_rescue_a_minute() -> None:
    queue.ensure()
    queue.ensure()

    rescue = Schedule.objects.get(name="rescue")
    assert (rescue.func, rescue.schedule_type, rescue.minutes, rescue.repeats) == (
        "vereda.census.tasks.rescue",
        Schedule.MINUTES,
        1,
        -1,
    )


@pytest.mark.django_db
def test_migrating_makes_a_row_for_every_source_that_is_asked(settings: Any) -> None:
    settings.CENSUS_SOURCE = ["registraduria", "consultacenso"]
    queue.ensure()

    assert set(settings.CENSUS_SOURCE) <= set(SourceState.objects.values_list("source", flat=True))
