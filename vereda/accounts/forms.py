"""What people type: parsed and complained about, in Spanish. Nothing here writes."""

import re
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm
from django.core.exceptions import ValidationError

from vereda.accounts.agreements import BY_ACCEPTANCE, Policy, Purpose
from vereda.accounts.consents import Agreement
from vereda.accounts.models import User
from vereda.accounts.password_rules import Rules, rules_for
from vereda.lib import cedula as cedulas
from vereda.lib import phone as phones
from vereda.lib.text import tidy

_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .'’‘\-])*")


def _attributes(**attributes: str) -> dict[str, Any]:
    return {"class": "form-control", **attributes}


def _point_at_notes(form: forms.BaseForm, *names: str) -> None:
    """Set `aria-describedby` to the notes below each field (components/field.html), also when they come later."""
    for name in names:
        rules = f"id_{name}_rules " if name in {"password1", "new_password1"} else ""
        form.fields[name].widget.attrs["aria-describedby"] = f"{rules}id_{name}_notes"


class CedulaField(forms.CharField):
    """A cédula as typed, cleaned to its bare digits."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Número de cédula")
        options.setdefault("error_messages", {"required": "Escriba su número de cédula."})
        options.setdefault("widget", forms.TextInput(_attributes(inputmode="numeric", autocomplete="username")))
        super().__init__(**options)

    def to_python(self, value: object) -> str:
        """Return the bare digits, or "" for nothing typed."""
        typed = super().to_python(value) or ""
        try:
            return cedulas.normalise(typed) if typed else ""
        except cedulas.BadCedulaError as error:
            raise ValidationError(str(error), code="cedula") from None


class NameField(forms.CharField):
    """A person's full name in any of the ways that people are named; never markup."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Nombre completo")
        options.setdefault("widget", forms.TextInput(_attributes(autocomplete="name")))
        options.setdefault("max_length", 120)
        options.setdefault(
            "error_messages",
            {
                "required": "Escriba su nombre completo.",
                "max_length": "El nombre es demasiado largo: máximo 120 letras.",
            },
        )
        super().__init__(**options)

    def to_python(self, value: object) -> str:
        """Return the name composed (NFC) and with single spaces."""
        name = tidy(super().to_python(value) or "")
        if name and not _NAME.fullmatch(name):
            raise ValidationError("Escriba el nombre solo con letras, espacios, puntos, guiones y apóstrofos.")
        return name


class PhoneField(forms.CharField):
    """A Colombian phone, cleaned to E.164."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Teléfono")
        attributes = _attributes(type="tel", inputmode="tel", autocomplete="tel-national")
        options.setdefault("widget", forms.TextInput(attributes))
        options.setdefault("max_length", 40)
        options.setdefault(
            "error_messages",
            {"required": "Escriba su teléfono.", "max_length": "El teléfono es demasiado largo."},
        )
        super().__init__(**options)

    def to_python(self, value: object) -> str:
        """Return the number as stored, or "" for nothing typed."""
        typed = super().to_python(value) or ""
        if not typed or len(typed) > 40:
            return typed
        try:
            return phones.normalise(typed)
        except phones.BadPhoneError as error:
            raise ValidationError(str(error), code="phone") from None


class AgreementForm(forms.Form):
    """Accepting a version of the data policy, and what else it asks for, each by itself."""

    accept_policy = forms.BooleanField(
        label="Acepto la política de tratamiento de datos",
        widget=forms.CheckboxInput({"class": "form-check-input"}),
        error_messages={"required": "Para seguir necesitamos que acepte la política de tratamiento de datos."},
    )
    purpose_contact_by_leader = forms.BooleanField(
        label="Autorizo que la persona que me invitó me llame o me escriba",
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
    )
    policy_version = forms.CharField(required=False)

    def __init__(self, *args: Any, policy: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy = policy

    def clean_policy_version(self) -> str:
        """Refuse a version that is no longer in force. An empty one means the current version."""
        version: str = self.cleaned_data["policy_version"]
        if version not in {"", self.policy.version}:
            changed = "La política cambió mientras usted la leía. Léala y acéptela de nuevo."
            self.add_error("accept_policy", ValidationError(changed, code="changed"))
        return version

    def agreement(self, address: str | None) -> Agreement:
        optional = (Purpose.CONTACT_BY_LEADER,) if self.cleaned_data["purpose_contact_by_leader"] else ()
        return Agreement(self.policy, (*BY_ACCEPTANCE, *optional), address)


class RegistrationForm(AgreementForm):
    """Joining, with one's acceptance of the data policy."""

    cedula = CedulaField()
    full_name = NameField()
    phone = PhoneField()
    password1 = forms.CharField(
        label="Clave",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(_attributes(autocomplete="new-password")),
        error_messages={"required": "Escriba una clave.", "max_length": "La clave es demasiado larga."},
    )
    password2 = forms.CharField(
        label="Repita la clave",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(_attributes(autocomplete="new-password")),
        error_messages={"required": "Repita la clave.", "max_length": "La clave es demasiado larga."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _point_at_notes(self, "cedula", "full_name", "phone", "password1", "password2")

    def clean(self) -> dict[str, Any]:
        """Compare the two passwords, and check the first by the rules."""
        cleaned = super().clean() or {}
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            self.add_error("password2", "Las dos claves no son iguales.")
        if first:
            try:
                password_validation.validate_password(first, self._person(cleaned))
            except ValidationError as error:
                self.add_error("password1", error)
        return cleaned

    @property
    def password_rules(self) -> Rules:
        return rules_for(self["password1"], self._person(getattr(self, "cleaned_data", {})))

    def _person(self, cleaned: dict[str, Any]) -> User:
        return User(**{name: cleaned.get(name, "") for name in ("cedula", "full_name", "phone")})


class LoginForm(AuthenticationForm):
    """Login by cédula, in whatever way its dots are typed."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "La cédula o la clave no son correctas. Revise ambas e intente de nuevo.",
        "inactive": "La cédula o la clave no son correctas. Revise ambas e intente de nuevo.",
    }
    username = CedulaField()
    password = forms.CharField(
        label="Clave",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(_attributes(autocomplete="current-password")),
        error_messages={"required": "Escriba su clave.", "max_length": "La clave es demasiado larga."},
    )
    remember_me = forms.BooleanField(
        label="Recordarme por 14 días en este equipo",
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django puts the column's length there, which would cut a cédula that is typed with its dots.
        self.fields["username"].widget.attrs["maxlength"] = cedulas.LONGEST_TYPED


class CodeForm(forms.Form):
    """A code of the second step, in whatever way its spaces and hyphens are typed."""

    code = forms.CharField(
        label="Código de seis números",
        max_length=40,
        error_messages={"required": "Escriba el código.", "max_length": "El código es demasiado largo."},
        widget=forms.TextInput(_attributes(autocomplete="one-time-code", autocapitalize="none", spellcheck="false")),
    )

    def __init__(self, *args: Any, is_recovery: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        if is_recovery:
            self.fields["code"].label = "Código de respaldo"
        else:
            self.fields["code"].widget.attrs["inputmode"] = "numeric"

    def clean_code(self) -> str:
        return re.sub(r"[\s-]", "", self.cleaned_data["code"]).lower()

    def add_wrong_error(self) -> None:
        """Say that the code was not right, with an empty field for the next."""
        text = "Ese código no es. Si es del teléfono, espere el siguiente: cada uno sirve una sola vez."
        self.add_error("code", ValidationError(text, code="wrong"))
        self.data = {**self.data, "code": ""}


class PasswordAndCodeForm(CodeForm):
    """Password and code again, before a change of the second step."""

    password = forms.CharField(
        label="Su clave",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(_attributes(autocomplete="current-password")),
        error_messages={"required": "Escriba su clave.", "max_length": "La clave es demasiado larga."},
    )
    field_order = ("password", "code")

    def __init__(self, user: User, *args: Any, **options: Any) -> None:
        self.user = user
        super().__init__(*args, **options, is_recovery=True)
        self.fields["code"].label = "Código del teléfono o de respaldo"

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise ValidationError("Esa no es su clave.", code="password")
        return password


class ProfileForm(forms.ModelForm[User]):
    """One's own data."""

    full_name = NameField()
    phone = PhoneField()
    referral_goal = forms.IntegerField(
        label="Meta de invitados",
        min_value=1,
        max_value=10_000,
        widget=forms.NumberInput(_attributes(inputmode="numeric")),
        help_text="Cuántas personas quiere invitar.",
        error_messages={
            "required": "Escriba cuántas personas quiere invitar.",
            "invalid": "La meta es un número entero.",
            "min_value": "La meta es de al menos una persona.",
            "max_value": "La meta es de 10.000 personas como máximo.",
        },
    )

    class Meta:
        model = User
        fields = ["full_name", "phone", "referral_goal"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["phone"] = phones.spaced(self.instance.phone)


class NewPasswordForm(SetPasswordForm[User]):
    """Choosing a new password; complaints about it stand where it was typed first, beside the rules."""

    error_messages = {"password_mismatch": "Las dos claves no son iguales."}
    labels = {"new_password1": "Clave nueva", "new_password2": "Repita la clave nueva"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in self.labels.items():
            field = self.fields[name]
            field.label = label
            field.help_text = ""
            field.widget.attrs["class"] = "form-control"
        _point_at_notes(self, *self.labels)

    def validate_password_for_user(self, user: User, password_field_name: str = "") -> None:  # nosec B107
        super().validate_password_for_user(user, "new_password1")

    @property
    def password_rules(self) -> Rules:
        return rules_for(self["new_password1"], self.user)


class OwnPasswordForm(NewPasswordForm, PasswordChangeForm):
    """Changing one's own password."""

    error_messages = {**NewPasswordForm.error_messages, "password_incorrect": "Esa no es su clave actual."}
    labels = {"old_password": "Clave actual", **NewPasswordForm.labels}
