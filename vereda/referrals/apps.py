"""The app of the leader's pages. It has no tables: people are accounts', answers the census's."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    """Referrals."""

    name = "vereda.referrals"
    verbose_name = "Referidos"
