"""Invented people: the same for ever, and in the shapes of the national list of voting places."""

from practice.people import Place, novedad_of, place_of

MANY = [place_of(str(number)) for number in range(1_900_000_000, 1_900_004_000)]


def test_same_cedula_votes_at_the_same_place_for_ever():
    assert place_of("1900000003") == Place(
        "CESAR", "VALLEDUPAR", "SALON COMUNAL LOS COMUNEROS DEL LLANO", "DG 86 SUR # 65-66", "10"
    )


def test_puesto_has_one_address():
    places = {(place.municipio, place.puesto): place.direccion for place in MANY}
    assert all(places[place.municipio, place.puesto] == place.direccion for place in MANY)


def test_texts_are_as_long_as_in_the_national_list():
    assert max(len(place.puesto) for place in MANY) <= 42
    assert max(len(place.direccion) for place in MANY) <= 52


def test_mesas_are_numbers_from_1_to_263():
    numbers = {int(place.mesa) for place in MANY}
    assert min(numbers) == 1
    assert 100 < max(numbers) <= 263


def test_every_kind_of_place_occurs():
    assert {"CONSULADOS", "BOGOTA D.C.", "NORTE DE SAN", "NARIÑO"} <= {place.departamento for place in MANY}
    starts = ("CARCEL", "PUESTO CENSO", "VDA.", "CORREG.", "IE ", "COL.")
    assert all(any(place.puesto.startswith(start) for place in MANY) for start in starts)


def test_signs_of_the_national_list_occur():
    text = "".join(place.puesto + place.direccion for place in MANY)
    assert set("\"#&'()*+,-./:¨°ÑÍ") <= set(text)


def test_some_puestos_are_not_in_upper_case():
    assert any(not place.puesto.isupper() for place in MANY)


def test_novedad_has_a_number_and_a_date():
    assert novedad_of("1900000099") == ("6734", "05/04/2025")
