"""Django's registration of the app, and what must be in place once it is loaded."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CensusConfig(AppConfig):
    """The census record and its engine."""

    name = "vereda.census"
    verbose_name = "Censo electoral"

    def ready(self) -> None:
        from vereda.census import checks, queue, signals  # noqa: F401, PLC0415 - models must be loaded first

        post_migrate.connect(queue.ensure, sender=self, dispatch_uid="census-queue")
