"""The administration of census records and of the queue. Only the switch of a source can be changed."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django_q.admin import FailAdmin
from django_q.models import Failure

from vereda.census import bulk, gate
from vereda.census.models import BulkRefresh, CedulaInfo, LookupAttempt, SourceState, Worker


class ReadOnlyAdmin[M: Model](admin.ModelAdmin[M]):
    """Shows and searches; adds, changes and deletes nothing."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


@admin.register(CedulaInfo)
class CedulaInfoAdmin(ReadOnlyAdmin[CedulaInfo]):
    """Census records."""

    list_display = ("user", "status", "municipio", "puesto", "mesa", "fetched_at", "attempts", "next_at", "claimed_by")
    list_filter = ("status", "reason", "priority")
    list_select_related = ("user",)
    search_fields = ("user__full_name",)
    ordering = ("-requested_at",)
    exclude = ("raw_response",)
    readonly_fields = ("evidence",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CedulaInfo]:
        """Load the evidence, which is long, only for one record."""
        return super().get_queryset(request).defer("raw_response")

    @admin.display(description="evidencia del fallo")
    def evidence(self, record: CedulaInfo) -> str:
        """The reply that could not be used, as text: never rendered as HTML."""
        return format_html('<pre class="evidence">{}</pre>', record.masked_evidence) if record.raw_response else "-"


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


@admin.register(BulkRefresh)
class BulkRefreshAdmin(ReadOnlyAdmin[BulkRefresh]):
    """Requests of leaders for many people at once."""

    list_display = ("requested_at", "requested_by", "total", "cancelled_at")
    list_select_related = ("requested_by",)
    ordering = ("-requested_at",)
    actions = ("cancel",)

    @admin.action(description="Cancelar lo que falta")
    def cancel(self, request: HttpRequest, chosen: QuerySet[BulkRefresh]) -> None:
        """For a leader who cannot do so any more."""
        if not request.user.is_superuser:
            raise PermissionDenied
        for request_for_many in chosen:
            bulk.cancel(bulk=request_for_many, now=timezone.now())


@admin.register(SourceState)
class SourceStateAdmin(admin.ModelAdmin[SourceState]):
    """The state of each source, with the switch that stops all its lookups. Workers see it within seconds."""

    list_display = ("source", "opens", "troubles", "day", "day_lookups", "day_dollars", "usual_seconds")
    fields = ("is_paused", *list_display, "rests", "rests_until", "rest_reason", "probe_until")
    actions = ("pause", "resume", "end_rest")

    def get_readonly_fields(self, request: HttpRequest, obj: SourceState | None = None) -> tuple[str, ...]:
        return tuple(name for name in self.fields if name != "is_paused")

    def save_model(self, request: HttpRequest, obj: SourceState, form: Any, change: bool) -> None:  # noqa: FBT001
        """Store the switch alone: workers change the other fields meanwhile."""
        obj.save(update_fields=["is_paused"])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SourceState | None = None) -> bool:
        """Deleting a row would lose its pace."""
        return False

    @admin.display(description="consultas")
    def opens(self, state: SourceState) -> str:
        closed = gate.why_closed(state, timezone.now())
        if closed is None:
            return "Abiertas"
        until = f" · hasta {timezone.localtime(closed.until):%d/%m %H:%M}" if closed.until else ""
        return f"{closed.reason.label}{until}"

    @admin.action(description="Pausar las consultas")
    def pause(self, request: HttpRequest, chosen: QuerySet[SourceState]) -> None:
        self._switch(request, chosen, is_paused=True)

    @admin.action(description="Reanudar las consultas")
    def resume(self, request: HttpRequest, chosen: QuerySet[SourceState]) -> None:
        self._switch(request, chosen, is_paused=False)

    @admin.action(description="Terminar el descanso")
    def end_rest(self, request: HttpRequest, chosen: QuerySet[SourceState]) -> None:
        for state in chosen:
            gate.end_rest(state.source)
            self.log_change(request, state, "Descanso terminado.")

    def _switch(self, request: HttpRequest, chosen: QuerySet[SourceState], *, is_paused: bool) -> None:
        for state in chosen:
            gate.switch(state.source, is_paused=is_paused)
            self.log_change(request, state, "En pausa." if is_paused else "Reanudada.")


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin[Worker]):
    """The clusters of worker processes and their heartbeats."""

    list_display = ("host", "pid", "version", "started_at", "seen_at", "fault")
    ordering = ("-seen_at",)


admin.site.unregister(Failure)


@admin.register(Failure)
class FailureAdmin(FailAdmin):  # type: ignore[misc]
    """Failed tasks, with how long they took and how often they were tried."""

    list_display = ("name", "func", "started", "stopped", "duration", "attempt_count", "short_result")

    @admin.display(description="duración (s)")
    def duration(self, failure: Any) -> float:
        """Seconds from queueing to failing: Django-Q2's `started` is when the task was queued."""
        waited_and_ran: timedelta = failure.stopped - failure.started
        return round(waited_and_ran.total_seconds(), 1)
