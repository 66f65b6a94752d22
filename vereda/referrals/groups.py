"""The tabs of the list: which statuses each shows, and the order in which statuses are sorted."""

from django.db import models

from vereda.census.statuses import FAILURES, UNAUTHORISED, WAITING, Status


class Group(models.TextChoices):
    """A tab, by the word in its address."""

    ALL = "todos", "Todos"
    WAITING = "pendientes", "Pendientes"
    FOUND = "encontrados", "Encontrados"
    NOVEDADES = "novedades", "Novedades"
    NOT_FOUND = "no-encontrados", "No encontrados"
    FAILED = "errores", "Errores"

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses that the tab shows, in the order in which they are sorted."""
        return _STATUSES[self]


_STATUSES: dict[Group, tuple[str, ...]] = {
    Group.WAITING: WAITING,
    Group.FOUND: (Status.ACTIVE,),
    Group.NOVEDADES: (Status.CANCELLED_DECEASED, Status.CANCELLED_OTHER),
    Group.NOT_FOUND: (Status.NOT_FOUND,),
    Group.FAILED: FAILURES,
}
_STATUSES[Group.ALL] = (UNAUTHORISED, *(status for group in list(_STATUSES.values()) for status in group))
