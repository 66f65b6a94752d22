"""The recurring tasks."""

import pytest
from django_q.models import Schedule

from vereda.census import schedules


@pytest.mark.django_db
def test_migrating_twice_leaves_one_rescue_a_minute() -> None:
    schedules.ensure()
    schedules.ensure()

    rescue = Schedule.objects.get(name="rescue")
    assert (rescue.func, rescue.schedule_type, rescue.minutes, rescue.repeats) == (
        "vereda.census.tasks.rescue",
        Schedule.MINUTES,
        1,
        -1,
    )
