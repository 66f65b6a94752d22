"""The product's settings with the killer installed."""

from vereda.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.killer.KillerConfig"]  # noqa: F405
