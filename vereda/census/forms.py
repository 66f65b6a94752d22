"""What people paste and confirm on the page for assisted lookups. Nothing here writes."""

from django import forms


class PasteForm(forms.Form):
    """What somebody copied from the census page, white space and all: tabs are what tells its cells apart.

    `comprobado` says that they checked whose result it is. How long a text may be is the parser's to say: a limit in
    the page would cut what is pasted without a word.
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
