"""Custom model fields, and a custom `on_delete`."""

from typing import Any

from django.db import models
from django.db.models.deletion import Collector

from vereda.lib.text import fold


class FoldedField(models.CharField[str, str]):
    """A copy of a text column for searching and sorting: no accents, no case. Written whenever the row is saved.

    It is sorted by its characters alone, as Python does, whatever the collation of the database.
    """

    def __init__(self, *args: Any, source: str, **options: Any) -> None:
        self.source = source
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "source": self.source}

    def db_parameters(self, connection: Any) -> Any:
        """Return how the column is made; SQLite compares characters anyway."""
        parameters = super().db_parameters(connection)
        return {**parameters, "collation": "C"} if connection.vendor == "postgresql" else parameters

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001
        folded = fold(getattr(model_instance, self.source))[: self.max_length]
        setattr(model_instance, self.attname, folded)
        return folded


def set_null(collector: Collector, field: Any, rows: models.QuerySet[Any], using: str) -> None:
    """Do the same as SET_NULL, but past `UserQuerySet.update`, which refuses `referred_by`."""
    plain: models.QuerySet[Any] = models.QuerySet(rows.model, rows.query.chain(), using)
    models.SET_NULL(collector, field, plain, using)


set_null.lazy_sub_objs = True  # type: ignore[attr-defined]  # the rows need not be read, as with SET_NULL
