"""What people type when they register."""

from typing import Any

from django.test import Client

from tests import make

FORM = {
    "cedula": "900.200.001",
    "full_name": "Nora  Sinisterra",
    "phone": "300 123 4567",
    "password1": make.PASSWORD,
    "password2": make.PASSWORD,
    "accept_policy": "on",
}


def register(client: Client, ref: str = "", **changes: Any) -> Any:
    return client.post(f"/registro/?ref={ref}" if ref else "/registro/", {**FORM, **changes})
