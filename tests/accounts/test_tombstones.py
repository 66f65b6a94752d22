"""Tombstones: they say that somebody was erased, and to nobody who it was."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import make
from vereda.accounts import tombstones
from vereda.accounts.models import Tombstone, User

pytestmark = pytest.mark.django_db


def test_who_was_erased_is_known_and_nobody_else() -> None:
    tombstones.remember("900777001", at=timezone.now())

    assert tombstones.was_erased("900777001")
    assert not tombstones.was_erased("900777002")


def test_what_is_kept_says_nothing_without_the_key(settings: Any) -> None:
    tombstones.remember("900777001", at=timezone.now())
    digest = Tombstone.objects.get().digest
    settings.SECRET_KEY = "another"

    assert "900777001" not in digest
    assert not tombstones.was_erased("900777001")


def test_a_former_key_still_counts(settings: Any) -> None:
    tombstones.remember("900777001", at=timezone.now())
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"

    assert tombstones.was_erased("900777001")
    tombstones.lift("900777001")
    assert not tombstones.was_erased("900777001")


def test_being_erased_twice_is_one_tombstone() -> None:
    for _ in range(2):
        tombstones.remember("900777001", at=timezone.now())

    assert Tombstone.objects.count() == 1


def test_the_administration_brings_nobody_back(client: Client, ana: User) -> None:
    tombstones.remember("900777001", at=timezone.now())
    client.force_login(ana)
    form = {"full_name": "Nora", "usable_password": "true", "password1": make.PASSWORD, "password2": make.PASSWORD}
    page = client.post("/admin/accounts/user/add/", {"cedula": "900.777.001", **form}).content.decode()

    assert "Solo ella puede registrarse de nuevo" in page
    assert not User.objects.filter(cedula="900777001").exists()
