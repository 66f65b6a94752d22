"""What Chromium's clipboard holds when somebody copies from the practice census: `copied.json`, as it was copied.

`tests/browser/test_copied.py` copies all of it again and compares.
"""

import json
from pathlib import Path

from practice.people import hostile_place, novedad_of, place_of
from practice.site import Face
from vereda.census.sources.port import Answer, Cancelled, Found, NotFound

COPIED: dict[str, str] = json.loads(Path(__file__).with_suffix(".json").read_text())
PARTS = ("result", "page")
ENDINGS = {
    "found": "01",
    "found with hostile words": "81",
    "found in other case": "77",
    "found without puesto": "84",
    "novedad": "99",
    "novedad below a row of its own": "83",
    "not found": "96",
    "not found in other words": "89",
    "maintenance": "80",
}
ANSWERED = [name for name in ENDINGS if name not in {"found without puesto", "maintenance"}]
NAMES_NOBODY = {
    f"{Face.JSON} result: {name}"
    for name in ("novedad", "novedad below a row of its own", "not found in other words", "maintenance")
}
"""What the JSON page draws without the number, and somebody copies without the form that has it."""


def cedula_of(name: str) -> str:
    """Return whom a result is about."""
    return f"9000000{ENDINGS[name]}"


def key(face: Face, part: str, name: str) -> str:
    return f"{face} {part}: {name}"


def answer_of(face: Face, name: str) -> Answer:
    """Return what the practice census answered when this was copied."""
    cedula = cedula_of(name)
    if name.startswith("not found"):
        return NotFound()
    if name.startswith("novedad"):
        return Cancelled("Cancelada por Muerte", *(novedad_of(cedula) if face is not Face.JSON else ()))
    place = hostile_place(cedula) if "hostile" in name else place_of(cedula)
    return Found(place.municipio, place.puesto, place.mesa, place.departamento, place.direccion)
