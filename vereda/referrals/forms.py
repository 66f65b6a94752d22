"""What the list's addresses and forms carry: parsed and complained about, in Spanish. Nothing here writes."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms

from vereda.errors import BadInputError
from vereda.lib.ids import ID
from vereda.referrals.groups import Group

PAGE_SIZE = 50
MOST_MARKED = 10
ORDERS = ("nombre", "cedula", "fecha", "estado")

_ID = re.compile(ID, re.ASCII)
_SEEN = re.compile(rf"({ID})\.([0-9a-f]{{8}})", re.ASCII)


class SearchForm(forms.Form):
    """What is searched for, and in which tab and order it is shown."""

    q = forms.CharField(
        required=False,
        max_length=100,
        error_messages={"max_length": "La búsqueda es demasiado larga: máximo 100 letras."},
    )
    estado = forms.ChoiceField(
        choices=Group.choices,
        required=False,
        error_messages={"invalid_choice": f"Ese estado no existe. Existen: {', '.join(Group.values)}."},
    )
    orden = forms.ChoiceField(
        choices=[(sign + name, name) for name in ORDERS for sign in ("", "-")],
        required=False,
        error_messages={"invalid_choice": f"Ese orden no existe. Existen: {', '.join(ORDERS)}."},
    )


class ListForm(SearchForm):
    """The part of the list that an address asks for; `buscado` stands for a number that is kept out of it."""

    buscado = forms.RegexField(
        r"^[\w-]{1,20}\Z", required=False, error_messages={"invalid": "Esa búsqueda no existe. Escríbala de nuevo."}
    )
    pagina = forms.RegexField(
        r"^[1-9][0-9]{0,8}\Z", required=False, error_messages={"invalid": "La página es un número, desde 1."}
    )


def cleaned(form: forms.Form) -> dict[str, Any]:
    """Return what a form has read. Raises `BadInputError` with its first complaint."""
    if not form.is_valid():
        raise BadInputError(next(complaint for complaints in form.errors.values() for complaint in complaints))
    return form.cleaned_data


def marked_ids(typed: Sequence[str]) -> set[int]:
    """Return the numbers of the marked people. Raises `BadInputError` for none, too many or no numbers."""
    if not typed:
        raise BadInputError("Marque al menos una persona.")
    if len(typed) > MOST_MARKED:
        raise BadInputError(f"Son máximo {MOST_MARKED} personas a la vez.")
    if not all(map(_ID.fullmatch, typed)):
        raise BadInputError("Alguna de las personas marcadas no se entiende. Recargue la página.")
    return set(map(int, typed))


def seen_versions(typed: Sequence[str]) -> dict[int, str]:
    """Return which version of whom the page shows. Raises `BadInputError` for more than a page or anything else."""
    found = [_SEEN.fullmatch(text) for text in typed]
    if len(found) > PAGE_SIZE or not all(found):
        raise BadInputError("No entendimos qué filas muestra la página. Recárguela.")
    return {int(match[1]): match[2] for match in found if match}
