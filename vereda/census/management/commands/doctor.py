"""`./manage doctor`: one line for each thing that a lookup needs; exit status 1 if any fails."""

from typing import Any

from django.core.management.base import BaseCommand

from vereda.census.doctor import examine


class Command(BaseCommand):
    help = "Check database, migrations, broker, worker, browser, source and captcha balance."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        is_healthy = True
        for finding in examine():
            is_healthy = is_healthy and finding.is_ok
            mark = self.style.SUCCESS("ok  ") if finding.is_ok else self.style.ERROR("FAIL")
            self.stdout.write(f"{mark} {finding.name:<10} {finding.text}")
        if not is_healthy:
            raise SystemExit(1)
