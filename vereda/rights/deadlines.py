"""By when the organisation has to answer a person: Ley 1581 de 2012, articles 14 and 15. Pure.

Business days are Monday to Friday but for Colombia's holidays, those that move to a Monday included; the day of receipt
does not count.
"""

from datetime import date

import holidays
from django.db import models

_HOLIDAYS = holidays.country_holidays("CO")


class Kind(models.TextChoices):
    """What a person asks for."""

    QUERY = "query", "Consulta"
    CLAIM = "claim", "Reclamo"

    @property
    def business_days(self) -> int:
        return 10 if self is Kind.QUERY else 15


def due_on(kind: Kind, received_on: date) -> date:
    return _HOLIDAYS.get_nth_working_day(received_on, kind.business_days)
