"""`./manage practice`: the practice Registraduría and captcha service alone. Needs no database."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from practice.__main__ import main


class Command(BaseCommand):
    help = "Serve the practice Registraduría and its captcha service on 127.0.0.1."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8800)
        parser.add_argument("--captcha-seconds", type=float, default=3, help="how long a captcha takes to solve")

        parser.add_argument("--face", default="ajax", help="what /censo/consultar/ shows: ajax, html or json")

    def handle(self, *, port: int, captcha_seconds: float, face: str, **_: Any) -> None:
        sys.exit(main(["--port", str(port), "--captcha-seconds", str(captcha_seconds), "--face", face]))
