"""What a novedad means. PURE: the census's own words in, one kind out.

The census's words vary in accents, case and with the years, so the kind is found by folded word stems.
"""

import re
from enum import StrEnum

from vereda.lib.text import fold


class NovedadKind(StrEnum):
    """The kinds of novedad for which people read different texts."""

    DECEASED = "deceased"
    DOUBLE_CEDULA = "double_cedula"
    FALSE_IDENTITY = "false_identity"
    MINOR = "minor"
    FOREIGNER = "foreigner"
    RIGHTS_SUSPENDED = "rights_suspended"
    INTERDICTION = "interdiction"
    PENDING = "pending"
    OTHER = "other"


_UNDONE = re.compile(r"\b(revoc|rehabilit|anulad|sin efecto)")
"""A cancellation that was itself cancelled: its cause does not count any more."""

_STEMS = (
    (NovedadKind.DECEASED, re.compile(r"\b(muert|fallec|defunci|inhumaci|necrodactil)")),
    (NovedadKind.DOUBLE_CEDULA, re.compile(r"\bdoble cedula")),
    (NovedadKind.FALSE_IDENTITY, re.compile(r"\b(falsa identidad|suplantaci)")),
    (NovedadKind.MINOR, re.compile(r"\b(menor de edad|menor\S+ de edad|minoria de edad)")),
    (NovedadKind.FOREIGNER, re.compile(r"\bextranjer")),
    (NovedadKind.RIGHTS_SUSPENDED, re.compile(r"\bderechos pol")),
    (NovedadKind.INTERDICTION, re.compile(r"\binterdicci")),
    (NovedadKind.PENDING, re.compile(r"\bpendiente\b")),
)


def kind_of(novedad: str) -> NovedadKind:
    """Return what the census's words mean; `OTHER` for unknown words and for those that undo a novedad."""
    folded = fold(novedad)
    if _UNDONE.search(folded):
        return NovedadKind.OTHER
    return next((kind for kind, stem in _STEMS if stem.search(folded)), NovedadKind.OTHER)
