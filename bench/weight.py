"""What pages weigh on the wire: bytes received by a real Chromium from a real gunicorn, headers included.

The whole product runs as real processes, with the static files and the web server of production. A leader with 50
people (a full page of the list, in a mix of answers) and somebody without an account open each page twice: first with
an empty cache, then again. The figures are Chromium's own count of what came over the network (`encodedDataLength`).
With one over its limit the exit status is 1. Run it with: .venv/bin/python -m bench.weight
"""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.common import machine, write_header, write_row
from tests.browser.backstage import Backstage
from tests.stack import Stack, stack
from vereda.census.sources.asking.executables import find_executable

FIRST_LIMIT, AGAIN_LIMIT = 150_000, 15_000
PEOPLE = 50
PASSWORD = "un-sendero-largo"
PUBLIC = ("/registro/", "/ingresar/")
OWN = ("/", "/perfil/", "/referidos/")
LOOKS = {"phone": {"width": 390, "height": 844}, "laptop": {"width": 1366, "height": 768}}


class Scale:
    """Counts what a page receives, by kind."""

    def __init__(self, page: Page) -> None:
        self.received: Counter[str] = Counter()
        self._kinds: dict[str, str] = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.responseReceived", self._note)
        session.on("Network.loadingFinished", self._weigh)

    def _note(self, event: dict[str, Any]) -> None:
        self._kinds[event["requestId"]] = event["type"]

    def _weigh(self, event: dict[str, Any]) -> None:
        self.received[self._kinds.get(event["requestId"], "Other")] += int(event["encodedDataLength"])


def weighed(context: BrowserContext, address: str) -> Counter[str]:
    """Open a page and return the bytes that came, by kind."""
    page = context.new_page()
    scale = Scale(page)
    page.goto(address, wait_until="networkidle")
    page.close()
    return scale.received


@contextmanager
def visitor(browser: Browser, product: Stack, size: dict[str, int], cedula: str) -> Iterator[BrowserContext]:
    """Give a browser with an empty cache; logged in, when a cédula is given."""
    context = browser.new_context(viewport=size, locale="es-CO")
    if cedula:
        form = context.request.get(f"{product.url}/ingresar/").text()
        token = form.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        typed = {"csrfmiddlewaretoken": token, "username": cedula, "password": PASSWORD}
        reply = context.request.post(f"{product.url}/ingresar/", form=typed, headers={"Referer": product.url})
        assert reply.url == f"{product.url}/", reply.url
    yield context
    context.close()


def main() -> int:
    """Weigh and print."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "vereda.settings"
    django.setup()
    from tests.browser import people  # noqa: PLC0415 - it needs Django

    outcomes = [people.FOUND, people.NOT_FOUND, people.DECEASED, people.ERROR, people.FOUND]
    invited = [people.Invited(f"Persona Número {n}", outcomes[n % len(outcomes)]) for n in range(PEOPLE)]
    over = []
    with tempfile.TemporaryDirectory() as folder, stack(Path(folder)) as product, sync_playwright() as playwright:
        with Backstage(product.environment) as hands:
            leader = hands.run(people.make_inviter, invited)
        browser = playwright.chromium.launch(executable_path=find_executable(), args=["--no-sandbox"])
        write_header("page", "screen", "first visit", "of it page", "style", "scripts", "pictures", "again", "")
        for path in (*PUBLIC, *OWN):
            for look, size in LOOKS.items():
                with visitor(browser, product, size, "" if path in PUBLIC else leader.cedula) as context:
                    first, again = weighed(context, product.url + path), weighed(context, product.url + path)
                kinds = [first[kind] for kind in ("Document", "Stylesheet", "Script")]
                is_over = first.total() > FIRST_LIMIT or again.total() > AGAIN_LIMIT
                over += [path] * is_over
                pictures = first.total() - sum(kinds)
                write_row(path, look, first.total(), *kinds, pictures, again.total(), "over" if is_over else "ok")
        browser.close()
    print(f"limits: {FIRST_LIMIT:,} and {AGAIN_LIMIT:,} bytes; over: {', '.join(over) or 'nothing'}; {machine()}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
