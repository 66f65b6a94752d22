"""Invented people: where each cédula votes, or what stands against it, worked out from its digits alone.

The same cédula gets the same place for ever, and two people at the same puesto see the same address for it.
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


class _Dice:
    """Choices that depend on a seed text only, whatever the version of Python."""

    def __init__(self, *seed: object) -> None:
        text = "/".join(map(str, seed))
        self._left = int.from_bytes(hashlib.sha512(text.encode()).digest())

    def roll(self, low: int, high: int) -> int:
        """Return a number from `low` to `high`, both included."""
        self._left, face = divmod(self._left, high - low + 1)
        return low + face

    def pick[T](self, options: Sequence[T]) -> T:
        return options[self.roll(0, len(options) - 1)]


def place_of(cedula: str) -> Place:
    """Return where this cédula votes. One in forty does so at a consulado."""
    dice = _Dice("person", cedula)
    if dice.roll(1, 40) == 1:
        country, city, address = dice.pick(places.CONSULADOS)
        return Place("CONSULADOS", country, city, address, str(dice.roll(1, 21)))
    departamento, municipio, size = dice.pick(places.MUNICIPIOS)
    # Every mesa has as many voters as any other, so that big puestos have more of them.
    puesto, mesa = dice.pick(_mesas(municipio, size))
    return Place(departamento, municipio, puesto.name, puesto.address, str(mesa))


def place_without_puesto(cedula: str) -> Place:
    """Return this cédula's place with the puesto left empty, as a broken reply has it."""
    return replace(place_of(cedula), puesto="")


def hostile_place(cedula: str) -> Place:
    """Return a good place whose texts hold every word that a careless reader takes for another answer."""
    return replace(
        place_of(cedula),
        puesto='I.E. "LA BUENA MUERTE" & CIA <NOVEDAD>',
        direccion="VÍA CANCELADA, SI NO SE ENCUENTRA PREGUNTE EN LA PEÑA",
    )


def novedad_of(cedula: str) -> tuple[str, str]:
    """Return the number of the resolución and the date of this cédula's novedad.

    Nobody captured the real shape of either: the date is as in the state list of cédulas, dd/mm/yyyy.
    """
    dice = _Dice("novedad", cedula)
    day, month, year = dice.roll(1, 28), dice.roll(1, 12), dice.roll(1995, 2025)
    return str(dice.roll(100, 19_999)), f"{day:02}/{month:02}/{year}"


@cache
def _mesas(municipio: str, size: int) -> list[tuple[_Puesto, int]]:
    """Return every mesa of a municipio: its puesto, whose name no other puesto there has, and its number."""
    urban = [_urban(municipio, name) for name in _shuffled(municipio, places.URBAN_NAMES)[:size]]
    rural = [_rural(municipio, name) for name in _shuffled(municipio, places.RURAL_NAMES)[: 2 + size // 4]]
    puestos = (*urban, *rural, *_special(municipio))
    return [(puesto, number) for puesto in puestos for number in range(1, puesto.mesas + 1)]


def _urban(municipio: str, name: str) -> _Puesto:
    dice = _Dice(municipio, name)
    form = dice.pick(places.URBAN_FORMS).format(name)
    # About one puesto in fifty of the national list is not in upper case.
    title = form.title() if dice.roll(1, 50) == 1 else form
    return _Puesto(title, _street(dice), dice.roll(3, 38))


def _rural(municipio: str, name: str) -> _Puesto:
    dice = _Dice(municipio, name)
    title = dice.pick(places.RURAL_FORMS).format(name)
    address = dice.pick(places.RURAL_ADDRESSES)
    return _Puesto(title, address.format(dice.roll(2, 29) if "KM" in address else name), dice.roll(1, 4))


def _special(municipio: str) -> list[_Puesto]:
    """Return the jail that every municipio has here (zone 98), and the puesto censo (zone 90) that few have."""
    dice = _Dice(municipio, "special")
    jail = _Puesto(f"CARCEL {municipio}", f"KM {dice.roll(2, 9)} VIA AL MUNICIPIO VECINO", dice.roll(1, 2))
    mesas = places.CITIES_WITH_BIG_PUESTO.get(municipio)
    return [jail] if mesas is None else [jail, _Puesto("PUESTO CENSO", _street(dice), mesas)]


def _street(dice: _Dice) -> str:
    forms = places.ODD_STREETS if dice.roll(1, 12) == 1 else places.STREETS
    return dice.pick(forms).format(a=dice.roll(1, 120), b=dice.roll(1, 99), c=dice.roll(1, 99))


def _shuffled(municipio: str, names: Sequence[str]) -> list[str]:
    return sorted(names, key=lambda name: hashlib.sha256(f"{municipio}/{name}".encode()).digest())
