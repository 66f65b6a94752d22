"""Invented people: where each cédula votes and which novedad it has, computed from its digits alone.

The same cédula always gets the same place, and a puesto has the same address for everybody.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from practice import places


@dataclass(frozen=True, slots=True)
class Place:
    """A voting place as the census prints it."""

    departamento: str
    municipio: str
    puesto: str
    direccion: str
    mesa: str


@dataclass(frozen=True, slots=True)
class _Puesto:
    name: str
    address: str
    mesas: int


class _SeededRandom:
    """Pseudo-random choices. Unlike those of `random.Random`, they are the same in every version of Python."""

    def __init__(self, *seed: object) -> None:
        text = "/".join(map(str, seed))
        self._left = int.from_bytes(hashlib.sha512(text.encode()).digest())

    def integer(self, low: int, high: int) -> int:
        """Return a number from `low` to `high`, both included."""
        self._left, offset = divmod(self._left, high - low + 1)
        return low + offset

    def choice[T](self, options: Sequence[T]) -> T:
        return options[self.integer(0, len(options) - 1)]


def place_of(cedula: str) -> Place:
    """Return where this cédula votes. One in forty votes at a consulado."""
    seeded = _SeededRandom("person", cedula)
    if seeded.integer(1, 40) == 1:
        country, city, address = seeded.choice(places.CONSULADOS)
        return Place("CONSULADOS", country, city, address, str(seeded.integer(1, 21)))
    departamento, municipio, size = seeded.choice(places.MUNICIPIOS)
    # Choosing a mesa, not a puesto, gives big puestos more voters than small ones.
    puesto, mesa = seeded.choice(_mesas(municipio, size))
    return Place(departamento, municipio, puesto.name, puesto.address, str(mesa))


def place_without_puesto(cedula: str) -> Place:
    """Return this cédula's place with an empty puesto, as in a broken reply."""
    return replace(place_of(cedula), puesto="")


def hostile_place(cedula: str) -> Place:
    """Return a valid place whose texts contain the words of other answers, to mislead a careless parser."""
    return replace(
        place_of(cedula),
        puesto='I.E. "LA BUENA MUERTE" & CIA <NOVEDAD>',
        direccion="VÍA CANCELADA, SI NO SE ENCUENTRA PREGUNTE EN LA PEÑA",
    )


def novedad_of(cedula: str) -> tuple[str, str]:
    """Return the number of the resolución and the date of this cédula's novedad.

    Nobody captured how the real site writes them. The date is as in the state's list of cédulas: dd/mm/yyyy.
    """
    seeded = _SeededRandom("novedad", cedula)
    day, month, year = seeded.integer(1, 28), seeded.integer(1, 12), seeded.integer(1995, 2025)
    return str(seeded.integer(100, 19_999)), f"{day:02}/{month:02}/{year}"


@cache
def _mesas(municipio: str, size: int) -> list[tuple[_Puesto, int]]:
    """Return every mesa of a municipio as puesto and number. No two puestos there have the same name."""
    urban = [_urban(municipio, name) for name in _shuffled(municipio, places.URBAN_NAMES)[:size]]
    rural = [_rural(municipio, name) for name in _shuffled(municipio, places.RURAL_NAMES)[: 2 + size // 4]]
    puestos = (*urban, *rural, *_special(municipio))
    return [(puesto, number) for puesto in puestos for number in range(1, puesto.mesas + 1)]


def _urban(municipio: str, name: str) -> _Puesto:
    seeded = _SeededRandom(municipio, name)
    form = seeded.choice(places.URBAN_FORMS).format(name)
    # About one puesto in fifty of the national list is not in upper case.
    title = form.title() if seeded.integer(1, 50) == 1 else form
    return _Puesto(title, _street(seeded), seeded.integer(3, 38))


def _rural(municipio: str, name: str) -> _Puesto:
    seeded = _SeededRandom(municipio, name)
    title = seeded.choice(places.RURAL_FORMS).format(name)
    address = seeded.choice(places.RURAL_ADDRESSES)
    return _Puesto(title, address.format(seeded.integer(2, 29) if "KM" in address else name), seeded.integer(1, 4))


def _special(municipio: str) -> list[_Puesto]:
    """Return the jail (zone 98), which every municipio has here, and the puesto censo (zone 90), which few have."""
    seeded = _SeededRandom(municipio, "special")
    jail = _Puesto(f"CARCEL {municipio}", f"KM {seeded.integer(2, 9)} VIA AL MUNICIPIO VECINO", seeded.integer(1, 2))
    mesas = places.CITIES_WITH_BIG_PUESTO.get(municipio)
    return [jail] if mesas is None else [jail, _Puesto("PUESTO CENSO", _street(seeded), mesas)]


def _street(seeded: _SeededRandom) -> str:
    forms = places.ODD_STREETS if seeded.integer(1, 12) == 1 else places.STREETS
    return seeded.choice(forms).format(a=seeded.integer(1, 120), b=seeded.integer(1, 99), c=seeded.integer(1, 99))


def _shuffled(municipio: str, names: Sequence[str]) -> list[str]:
    return sorted(names, key=lambda name: hashlib.sha256(f"{municipio}/{name}".encode()).digest())
