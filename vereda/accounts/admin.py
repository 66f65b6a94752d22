"""The administration of people. Only a superuser changes a role."""

from collections.abc import Iterator
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django_otp.plugins.otp_static.admin import StaticDevice
from django_otp.plugins.otp_totp.admin import TOTPDevice

from vereda.accounts import actions, audit, tombstones
from vereda.accounts.entering import second_step
from vereda.accounts.forms import CedulaField, NameField, PhoneField
from vereda.accounts.joining import inviters
from vereda.accounts.models import AuditEntry, User


class PersonCreationForm(AdminUserCreationForm[User]):
    """A new person, by the same rules as registration."""

    cedula = CedulaField()
    full_name = NameField()
    phone = PhoneField(required=False)

    class Meta:
        model = User
        fields = ("cedula", "full_name", "phone")

    def clean_cedula(self) -> str:
        """Refuse somebody who was erased: only they themselves may register again."""
        cedula: str = self.cleaned_data["cedula"]
        if tombstones.was_erased(cedula):
            raise ValidationError("Esta persona pidió que la borraran. Solo ella puede registrarse de nuevo.")
        return cedula


class PersonChangeForm(UserChangeForm[User]):
    """A person, by the same rules as registration."""

    full_name = NameField()
    phone = PhoneField(required=False)

    def clean_referred_by(self) -> User | None:
        """Refuse a cycle of inviters. The rows stay locked until the form is saved."""
        inviter: User | None = self.cleaned_data["referred_by"]
        if inviter == self.instance:
            raise ValidationError("Nadie se invita a sí mismo.")
        if inviter and "referred_by" in self.changed_data and not inviters.lock(person=self.instance, inviter=inviter):
            raise ValidationError("Esa persona llegó por invitación de esta, directa o indirectamente.")
        return inviter


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    """People. Only superusers change roles and permissions."""

    form = PersonChangeForm
    add_form = PersonCreationForm
    list_display = ("full_name", "role", "referred_by", "date_joined", "is_active")
    list_filter = ("role", "is_active", "is_staff", "is_superuser")
    list_select_related = ("referred_by",)
    search_fields = ("full_name",)  # what is searched for stands in the address, where no cédula or phone belongs
    ordering = ("-date_joined",)
    raw_id_fields = ("referred_by",)
    readonly_fields = ("referral_code", "date_joined", "last_login", "second_step_since")
    filter_horizontal = ("groups", "user_permissions")
    fieldsets = (
        (None, {"fields": ("shown_cedula", "full_name", "phone", "password")}),
        ("Red", {"fields": ("role", "referral_code", "referred_by", "referral_goal")}),
        ("Permisos", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Fechas", {"fields": ("date_joined", "last_login", "second_step_since")}),
    )
    add_fieldsets = ((None, {"fields": ("cedula", "full_name", "phone", "usable_password", "password1", "password2")}),)

    change_user_password_template = "admin/accounts/change_password.html"  # noqa: S105 - a path
    actions = ("reveal", "turn_second_step_off")

    MOST_REVEALED = 10
    POWER = ("role", "is_staff", "is_superuser", "groups", "user_permissions")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Only superusers change roles and permissions. Nobody changes a cédula."""
        fields = (*super().get_readonly_fields(request, obj), "shown_cedula")
        return fields if request.user.is_superuser else (*fields, *self.POWER)

    @admin.display(description="cédula")
    def shown_cedula(self, person: User) -> str:
        """The masked cédula. An action shows all of it, and leaves an audit entry.

        A cédula never changes, because the census answered about it. Another cédula is another person.
        """
        return person.cedula_masked

    @admin.action(description="Mostrar la cédula completa (queda anotado)", permissions=["view"])
    def reveal(self, request: HttpRequest, chosen: QuerySet[User]) -> HttpResponse | None:
        if len(people := chosen[: self.MOST_REVEALED + 1]) > self.MOST_REVEALED:
            self.message_user(request, f"Son máximo {self.MOST_REVEALED} personas a la vez.", messages.WARNING)
            return None
        actor = cast("User", request.user)
        cedulas = [(person, actions.reveal_cedula(person=person, actor=actor)) for person in people]
        context = {**self.admin_site.each_context(request), "title": "Cédulas completas", "cedulas": cedulas}
        return render(request, "admin/accounts/cedulas.html", context)

    @admin.action(description="Desactivar los dos pasos (perdió teléfono y códigos)", permissions=["change"])
    def turn_second_step_off(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Let people log in by password alone again who have lost phone and recovery codes."""
        if not request.user.is_superuser:
            raise PermissionDenied
        for person in chosen.exclude(second_step_since=None):
            second_step.turn_off(user=person, actor=request.user)
            self.message_user(request, f"{person} ingresa otra vez solo con su clave.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Hide superusers from staff, who could otherwise change a superuser's password and log in with it."""
        people = super().get_queryset(request)
        return people if request.user.is_superuser else people.filter(is_superuser=False)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save only the changed columns: somebody else may have changed the others meanwhile."""
        columns = {field.name for field in User._meta.concrete_fields}
        obj.save(update_fields=columns & set(form.changed_data) if change else None)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Save the related rows, and write an audit entry about what changed."""
        super().save_related(request, form, formsets, change)
        for action, detail in _changes(form, is_new=not change):
            audit.record(action=action, actor=cast("User", request.user), person=form.instance, detail=detail)

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Change somebody's password, and write an audit entry."""
        response = super().user_change_password(request, id, form_url)
        if isinstance(response, TemplateResponse) and response.context_data:
            response.context_data["title"] = f"Cambiar la clave de {response.context_data['original']}"  # no cédula
        is_changed = response.status_code == 302 and response["Location"] != request.get_full_path()
        if is_changed:
            actor, person = cast("User", request.user), User.objects.get(pk=id)
            audit.record(action=AuditEntry.Action.PASSWORD_CHANGED, actor=actor, person=person)
        return response


def _changes(form: Any, *, is_new: bool) -> Iterator[tuple[AuditEntry.Action, str]]:
    """Return the audit entries for a form: names of changed fields, and the new values of roles and permissions."""
    labels = {name: str(form.fields[name].label).lower() for name in form.changed_data}
    if is_new:
        yield AuditEntry.Action.PERSON_ADDED, ""
        return
    power = {name: label for name, label in labels.items() if name in PersonAdmin.POWER}
    if power:
        values = {**form.cleaned_data, "role": form.instance.get_role_display()}
        described = [f"{label}: {_in_words(values[name])}" for name, label in power.items()]
        yield AuditEntry.Action.ROLE_CHANGED, "; ".join(described)
    if others := [label for name, label in labels.items() if name not in power]:
        yield AuditEntry.Action.PERSON_CHANGED, ", ".join(others)


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "sí" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, QuerySet) else str(value)


for device in (TOTPDevice, StaticDevice):
    admin.site.unregister(device)  # their pages show secrets


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin[AuditEntry]):
    """Who did what with whose data: for superusers, to be read only."""

    list_display = ("id", "at", "who", "action", "whose", "detail")
    list_display_links = None
    list_filter = ("action", "at")
    list_select_related = ("actor", "person")
    search_fields = ("actor__full_name", "person__full_name")
    show_full_result_count = False
    date_hierarchy = "at"
    ordering = ("-id",)

    @admin.display(description="quién", ordering="actor")
    def who(self, entry: AuditEntry) -> str:
        """The account that did it, as a link to its other entries."""
        return _account(entry.actor_id, entry.actor, "actor")

    @admin.display(description="de quién", ordering="person")
    def whose(self, entry: AuditEntry) -> str:
        """The account whose data it was, as a link to its other entries."""
        return _account(entry.person_id, entry.person, "person")

    def has_view_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """Only superusers."""
        return bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False


def _account(pk: int | None, account: User | None, name: str) -> str:
    """Return an account as a link to its audit entries; by its number when it was erased."""
    if pk is None:
        return "-"
    return format_html('<a href="?{}={}">{}</a>', f"{name}__id__exact", pk, account or f"cuenta {pk}, borrada")
