"""The administration of policy, proofs, requests of people, and of erasing somebody who has asked for it."""

from datetime import date
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from vereda.accounts import policies
from vereda.accounts.admin import PersonAdmin
from vereda.accounts.models import Consent, Policy, User
from vereda.rights import erasure
from vereda.rights.models import RightsRequest

admin.site.unregister(User)


@admin.register(User)
class ErasablePersonAdmin(PersonAdmin):
    """People, whom a superuser erases at their request: to delete somebody is to erase them."""

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only superusers, not the last of them, and nobody themselves: that is done by password, on "Mis datos"."""
        is_other = obj is None or (obj.pk != request.user.pk and not erasure.is_last_superuser(obj))
        return bool(request.user.is_superuser) and is_other

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the people only: everything that is held about them goes, whoever else may delete such a thing."""
        return [str(person) for person in objs], {str(User._meta.verbose_name_plural): len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        erasure.erase(person=obj, actor=cast("User", request.user), now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Erase several, but for the last superuser and whoever asks."""
        for person in queryset:
            try:
                if person == request.user:
                    text = "Su propia cuenta se borra con su clave, en «Mis datos»: no se borró."
                    self.message_user(request, text, messages.WARNING)
                else:
                    self.delete_model(request, person)
            except erasure.LastSuperuserError:
                text = f"{person} es la única persona que administra todo el sitio: no se borró."
                self.message_user(request, text, messages.WARNING)


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin[Policy]):
    """The versions of the data policy: a draft is written here, and once published it stays as it is."""

    list_display = ("__str__", "published_at", "created_by", "created_at")
    list_select_related = ("created_by",)
    ordering = ("-created_at",)
    fields = ("text", "preview", "version", "text_hash", "published_at", "created_by")
    actions = ("publish",)

    def has_view_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        """Only superusers: what people agree to is the organisation's word."""
        return bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only superusers."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        """Only superusers, and only drafts."""
        return bool(request.user.is_superuser) and (obj is None or obj.published_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        """Only superusers, and only drafts: people agreed to the others."""
        return bool(request.user.is_superuser) and obj is not None and obj.published_at is None

    def get_readonly_fields(self, request: HttpRequest, obj: Policy | None = None) -> tuple[str, ...]:
        return tuple(name for name in self.fields if name != "text")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with what is in force."""
        return {"text": Policy.objects.current().text}

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save a draft, with who began it."""
        if not change:
            obj.created_by = cast("User", request.user)
        super().save_model(request, obj, form, change)

    @admin.display(description="así se verá")
    def preview(self, policy: Policy) -> str:
        return policies.rendered(policy.text)

    @admin.action(description="Publicar: desde ahora es la política vigente", permissions=["change"])
    def publish(self, request: HttpRequest, chosen: QuerySet[Policy]) -> None:
        drafts = list(chosen.filter(published_at=None))
        if len(drafts) != 1:
            self.message_user(request, "Elija un solo borrador.", messages.WARNING)
            return
        policy = policies.publish(draft=drafts[0], now=timezone.now())
        self.log_change(request, policy, "Publicada.")
        self.message_user(request, f"{policy} ya es la vigente. A cada persona se le pide aceptarla al entrar.")


@admin.register(Consent)
class ConsentAdmin(admin.ModelAdmin[Consent]):
    """Proofs of consent: to be read only."""

    list_display = ("at", "user", "purpose", "is_given", "policy", "channel", "address")
    list_filter = ("purpose", "is_given", "channel")
    list_select_related = ("user", "policy")
    search_fields = ("user__full_name",)
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody consents for somebody else."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Consent | None = None) -> bool:
        """A proof does not change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Consent | None = None) -> bool:
        """A proof goes only together with its person."""
        return False


@admin.register(RightsRequest)
class RightsRequestAdmin(admin.ModelAdmin[RightsRequest]):
    """What people have asked of the organisation, and by when it has to answer."""

    list_display = ("kind", "person", "received_on", "due", "answered_on", "is_in_time")
    list_filter = ("kind", ("answered_on", admin.EmptyFieldListFilter))
    list_select_related = ("person",)
    raw_id_fields = ("person",)
    readonly_fields = ("due",)
    ordering = ("received_on",)

    @admin.display(description="vence", ordering="received_on")
    def due(self, one: RightsRequest) -> date | None:
        return one.due_on if one.pk else None

    @admin.display(description="a tiempo", boolean=True)
    def is_in_time(self, one: RightsRequest) -> bool:
        return not one.is_overdue
