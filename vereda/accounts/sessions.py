"""Sessions with the id of their user, so that a person can list them and an erasure can delete them."""

from typing import Any, cast

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

PENDING_LOGIN = "halfway"
"""The session's key for a login that waits for the code of the second step."""


class PersonSession(AbstractBaseSession):
    """One browser that somebody has logged in with; `person_id` is None before they began to."""

    person_id = models.PositiveBigIntegerField("persona", null=True, db_index=True)

    class Meta(AbstractBaseSession.Meta):
        app_label = "accounts"
        verbose_name = "sesión"
        verbose_name_plural = "sesiones"

    @classmethod
    def get_session_store_class(cls) -> type["SessionStore"]:
        return SessionStore


class SessionStore(DatabaseStore):
    """Django's own store in the database, with the person's number beside the rest."""

    @classmethod
    def get_model_class(cls) -> type[PersonSession]:
        return PersonSession

    def create_model_instance(self, data: dict[str, Any]) -> PersonSession:
        row = cast("PersonSession", super().create_model_instance(data))
        owner = data.get("_auth_user_id") or data.get(PENDING_LOGIN, {}).get("user")
        row.person_id = int(owner) if owner else None
        return row
