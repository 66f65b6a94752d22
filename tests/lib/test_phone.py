"""Colombian phones."""

import pytest

from vereda.lib import phone as phones


@pytest.mark.parametrize(
    "typed", ["3001234567", "300 123 4567", "+57 300 123 4567", "(+57) 300-123-4567", "601 7654321"]
)
def test_a_colombian_phone_is_stored_in_one_form(typed: str) -> None:
    assert phones.normalise(typed) in {"+573001234567", "+576017654321"}


@pytest.mark.parametrize("typed", ["", "12345", "<b>x</b>", "+1 202 555 0100", "300123456x", "\x00", "9" * 200])
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(phones.BadPhoneError, match="300 123 4567"):
        phones.normalise(typed)


def test_a_stored_phone_is_shown_as_people_write_it() -> None:
    assert phones.spaced("+573001234567") == "300 1234567"
    assert phones.spaced("") == ""
