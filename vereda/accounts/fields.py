"""Columns of our own."""

from typing import Any

from django.db import models

from vereda.lib.text import fold


class FoldedField(models.CharField[str, str]):
    """A copy of a text column for searching and sorting: no accents, no case. Written whenever the row is saved."""

    def __init__(self, *args: Any, source: str, **options: Any) -> None:
        self.source = source
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        """Return how to make this column again, for migrations."""
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001
        """Return what is written."""
        folded = fold(getattr(model_instance, self.source))[: self.max_length]
        setattr(model_instance, self.attname, folded)
        return folded
