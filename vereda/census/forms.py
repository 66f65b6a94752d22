"""What people paste and confirm on the page for assisted lookups. Nothing here writes."""

from django import forms


class PasteForm(forms.Form):
    """What somebody copied from the census page, with its white space: tabs separate its cells.

    `comprobado` says that they checked whose result it is. The parser limits the length: a limit in the page would cut
    a paste without saying so.
    """

    texto = forms.CharField(
        label="Pegue aquí el resultado",
        strip=False,
        widget=forms.Textarea(
            {"class": "form-control", "rows": 6, "autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
        ),
        error_messages={"required": "Pegue aquí lo que respondió la página."},
    )
    comprobado = forms.BooleanField(
        required=False, widget=forms.CheckboxInput({"class": "form-check-input", "required": True})
    )
