"""The numbers of people and things, as addresses and forms spell them."""

from django.urls.converters import IntConverter

ID = "[1-9][0-9]{0,17}"
"""A number that the database can have given: it fits into 64 bits."""


class IdConverter(IntConverter):
    """Such a number in an address."""

    regex = ID
