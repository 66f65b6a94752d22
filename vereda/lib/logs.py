"""Logs without personal data: the last net, for what slips into a traceback or a database's error message."""

import logging
import re

_NUMBERS = re.compile(r"(?<![\w.])\+?(?:57)?(\d{6,10})(?!\w)", re.ASCII)


def mask_numbers(text: str) -> str:
    """Return the text with bare numbers of 6 to 10 digits, phones included, reduced to their last four.

    Cédulas of 5 digits cannot be told from ids, and dotted ones are never logged: they only exist in what people type.
    """
    return _NUMBERS.sub(lambda found: f"••••{found[1][-4:]}", text)


class MaskingFormatter(logging.Formatter):
    """Formats a record, traceback included, and masks the numbers in it."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_numbers(super().format(record))
