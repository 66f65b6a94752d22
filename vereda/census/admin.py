"""The administration of census records and of the queue: to be read only."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django_q.admin import FailAdmin
from django_q.models import Failure

from vereda.census.models import CedulaInfo, LookupAttempt


class ReadOnlyAdmin[M: Model](admin.ModelAdmin[M]):
    """Shows and searches; adds, changes and deletes nothing."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only the engine writes."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Only the engine writes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Only the engine writes."""
        return False


@admin.register(CedulaInfo)
class CedulaInfoAdmin(ReadOnlyAdmin[CedulaInfo]):
    """Census records."""

    list_display = ("user", "status", "municipio", "puesto", "mesa", "fetched_at", "attempts", "next_at")
    list_filter = ("status", "reason")
    list_select_related = ("user",)
    search_fields = ("user__full_name",)
    ordering = ("-requested_at",)


@admin.register(LookupAttempt)
class LookupAttemptAdmin(ReadOnlyAdmin[LookupAttempt]):
    """Every attempt at asking."""

    list_display = ("started_at", "record", "outcome", "source", "seconds", "captcha_seconds", "captcha_cost", "reason")
    list_filter = ("outcome", "source", "reason")
    list_select_related = ("record",)
    date_hierarchy = "started_at"
    ordering = ("-started_at",)

    @admin.display(description="duración (s)")
    def seconds(self, attempt: LookupAttempt) -> float:
        """How long the attempt took, waiting for the pace included."""
        return round((attempt.ended_at - attempt.started_at).total_seconds(), 1)


admin.site.unregister(Failure)


@admin.register(Failure)
class FailureAdmin(FailAdmin):  # type: ignore[misc]
    """Failed tasks, with how long they took and how often they were tried."""

    list_display = ("name", "func", "started", "stopped", "duration", "attempt_count", "short_result")

    @admin.display(description="duración (s)")
    def duration(self, failure: Any) -> float:
        """Seconds from when the task was put into the queue until it failed: Django-Q2 calls the former `started`."""
        waited_and_ran: timedelta = failure.stopped - failure.started
        return round(waited_and_ran.total_seconds(), 1)
