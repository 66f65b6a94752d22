"""Django's registration of the app, and what must be in place once it is loaded."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """People."""

    name = "vereda.accounts"
    verbose_name = "Personas"

    def ready(self) -> None:
        from vereda.accounts import checks, policies  # noqa: F401, PLC0415 - models must be loaded first

        post_migrate.connect(policies.ensure, sender=self, dispatch_uid="accounts-policy")
