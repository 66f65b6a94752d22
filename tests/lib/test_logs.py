"""No log line carries a cédula or a phone."""

import logging

from vereda.lib.logs import MaskingFormatter, mask_numbers


def test_long_numbers_are_masked_and_short_ones_are_not() -> None:
    line = mask_numbers("duplicate key (cedula)=(9001001234), phone +573001234567, record=42, port 8800")

    assert line == "duplicate key (cedula)=(••••1234), phone ••••4567, record=42, port 8800"


def test_a_traceback_is_masked_too() -> None:
    error = ValueError("Key (cedula)=(9001001234) already exists")
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), (type(error), error, None))

    assert "9001001234" not in MaskingFormatter().format(record)
