"""The product's settings with the crashing source installed."""

from vereda.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.crashing.CrashingConfig"]  # noqa: F405
