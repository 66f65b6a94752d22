"""Django's password validators with our own texts: the rule that is shown, and the message when it is not met."""

from dataclasses import dataclass
from typing import Protocol

from django.contrib.auth import password_validation as django_rules
from django.core.exceptions import ValidationError
from django.forms import BoundField

from vereda.accounts.models import User


class LongEnough(django_rules.MinimumLengthValidator):
    """So many characters."""

    def get_help_text(self) -> str:
        return f"Al menos {self.min_length} caracteres"

    def get_error_message(self) -> str:
        return f"La clave es demasiado corta: escriba al menos {self.min_length} caracteres."


class NotOnlyDigits(django_rules.NumericPasswordValidator):
    """Not a number."""

    def get_help_text(self) -> str:
        return "No solo números"

    def get_error_message(self) -> str:
        return "La clave no puede ser solo numérica: póngale también letras."


class Uncommon(django_rules.CommonPasswordValidator):
    """None of those that everybody tries first."""

    def get_help_text(self) -> str:
        return "Que no sea de las más usadas"

    def get_error_message(self) -> str:
        return "Esa clave la usa mucha gente: piense en otra."


class Unlike(django_rules.UserAttributeSimilarityValidator):
    """Nothing that others know of the person."""

    def get_help_text(self) -> str:
        return "Distinta de su nombre, su cédula y su teléfono"

    def get_error_message(self) -> str:
        return "La clave se parece demasiado a su nombre, su cédula o su teléfono."


class _Validator(Protocol):
    def validate(self, password: str, user: User | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, and whether a password meets it; None while there is no password."""

    text: str
    is_met: bool | None


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules. `say_it_all` when nothing else is wrong with a password than what they show already."""

    rules: list[Rule]
    say_it_all: bool


def rules_for(field: BoundField, person: User) -> Rules:
    """Return the rules beside a field, each with whether what was typed meets it, in the order to be shown."""
    password = field.data or ""
    validators = sorted(django_rules.get_default_password_validators(), key=_position)
    codes = [error.code or "" for error in field.errors.as_data()]
    return Rules(
        [Rule(rule.get_help_text(), _is_met(rule, password, person) if password else None) for rule in validators],
        say_it_all=bool(codes) and all(code.startswith("password_") for code in codes),
    )


_ORDER = (LongEnough, NotOnlyDigits, Uncommon, Unlike)


def _position(rule: object) -> int:
    return next((place for place, kind in enumerate(_ORDER) if isinstance(rule, kind)), len(_ORDER))


def _is_met(rule: _Validator, password: str, person: User) -> bool:
    try:
        rule.validate(password, person)
    except ValidationError:
        return False
    return True
