"""Django's registration of the app, and what must be in place once it is loaded."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RightsConfig(AppConfig):
    """People's rights over their data."""

    name = "vereda.rights"
    verbose_name = "Protección de datos"

    def ready(self) -> None:
        from vereda.rights import checks, retention  # noqa: F401, PLC0415 - models must be loaded first

        post_migrate.connect(retention.ensure_schedule, sender=self, dispatch_uid="rights-schedule")
