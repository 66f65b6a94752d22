"""Colombian phone numbers, by the rules of the `phonenumbers` library."""

import phonenumbers

_COLOMBIA = 57


class BadPhoneError(ValueError):
    """What was typed is not a Colombian phone number. The message is what people are told."""


def normalise(typed: str) -> str:
    """Return the number in E.164, as in "+573001234567". Raises `BadPhoneError`."""
    try:
        number = phonenumbers.parse(typed, "CO")
    except phonenumbers.NumberParseException:
        number = phonenumbers.PhoneNumber()
    if number.country_code != _COLOMBIA or not phonenumbers.is_valid_number(number):
        raise BadPhoneError("Escriba un teléfono de Colombia, por ejemplo 300 123 4567.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def spaced(number: str) -> str:
    """Return a stored number as people read it: "300 1234567"; unchanged when it is empty."""
    if not number:
        return ""
    parsed = phonenumbers.PhoneNumber(_COLOMBIA, int(number.removeprefix(f"+{_COLOMBIA}")))
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
