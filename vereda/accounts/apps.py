"""Django's registration of the app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People."""

    name = "vereda.accounts"
    verbose_name = "Personas"
