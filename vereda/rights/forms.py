"""What people tick and type about their data: parsed and complained about, in Spanish. Nothing here writes."""

from typing import Any

from django import forms
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError

from vereda.accounts.consents import Agreement, CurrentConsents
from vereda.accounts.forms import AgreementForm
from vereda.accounts.models import Policy, Purpose, User


class AcceptanceForm(AgreementForm):
    """Accepting a version of the policy when one has an account: every purpose is ticked by itself."""

    purpose_census_lookup = forms.BooleanField(
        label="Autorizo que consulten mi cédula en el censo electoral",
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
    )

    def __init__(self, *args: Any, consents: CurrentConsents, policy: Policy, **kwargs: Any) -> None:
        held = {f"purpose_{purpose.value}": True for purpose in consents.by_purpose}
        super().__init__(*args, policy=policy, initial=held, **kwargs)

    def agreement(self, address: str | None) -> Agreement:
        optional = [Purpose.CENSUS_LOOKUP, Purpose.CONTACT_BY_LEADER]
        ticked = [purpose for purpose in optional if self.cleaned_data[f"purpose_{purpose.value}"]]
        return Agreement(self.policy, (Purpose.ACCOUNT, *ticked), address)


class PermissionForm(forms.Form):
    """Giving or withdrawing the permission for one purpose."""

    GIVE, WITHDRAW = "dar", "retirar"

    finalidad = forms.ChoiceField(
        choices=[(purpose.value, purpose.label) for purpose in (Purpose.CENSUS_LOOKUP, Purpose.CONTACT_BY_LEADER)],
        error_messages={"required": "Falta decir qué permiso.", "invalid_choice": "Ese permiso no existe."},
    )
    permiso = forms.ChoiceField(
        choices=[(GIVE, "Autorizar"), (WITHDRAW, "Retirar")],
        error_messages={
            "required": "Falta decir si lo da o lo retira.",
            "invalid_choice": "Un permiso se da o se retira.",
        },
    )


class ErasureForm(forms.Form):
    """Being sure, and being oneself."""

    password = forms.CharField(
        label="Su clave",
        strip=False,
        max_length=200,
        help_text="Para estar seguros de que es usted.",
        widget=forms.PasswordInput({"class": "form-control", "autocomplete": "current-password"}),
        error_messages={"required": "Escriba su clave.", "max_length": "La clave es demasiado larga."},
    )
    is_sure = forms.BooleanField(
        label="Entiendo que se borra todo y que no se puede deshacer",
        widget=forms.CheckboxInput({"class": "form-check-input"}),
        error_messages={"required": "Marque esta casilla si está seguro."},
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = person

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not check_password(password, self._person.password):
            raise ValidationError("Esa no es su clave.", code="password")
        return password
