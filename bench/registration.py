"""How long a person waits: from pressing "Crear mi cuenta" to the answer on the screen of their profile.

The whole product runs as real processes with its default pace (5 s) and a practice census without captcha delay; a
Chromium of its own registers people one after the other, far enough apart that nobody waits for the pace. Prints the
seconds of each and their median. Run it with: .venv/bin/python -m bench.registration
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.common import cedulas
from tests.stack import Stack, stack
from vereda.census.sources.asking.executables import find_executable

PASSWORD = "un-sendero-largo"


def join(page: Page, product: Stack, cedula: str) -> float:
    """Register a person, open their profile and return the seconds until the answer shows."""
    page.context.clear_cookies()
    page.goto(f"{product.url}/registro/")
    for name, value in {
        "cedula": cedula,
        "full_name": "Nora Sinisterra",
        "phone": "300 123 4567",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=accept_policy]").check()
    started = time.monotonic()
    page.get_by_role("button", name="Crear mi cuenta").click()
    page.wait_for_url(f"{product.url}/")
    page.goto(f"{product.url}/perfil/")
    page.locator("#censo[data-status=ACTIVE]").wait_for(timeout=60_000)
    return time.monotonic() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10)
    people = parser.parse_args().people
    seconds = []
    variables = {"CENSUS_PACE_SECONDS": "5", "CENSUS_TIMEOUT_SECONDS": "90"}
    with tempfile.TemporaryDirectory() as folder, stack(Path(folder), **variables) as product, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=find_executable(), args=["--no-sandbox"])
        page = browser.new_page(locale="es-CO")
        for number, cedula in enumerate(cedulas(people + 1)):
            taken = join(page, product, cedula)
            print(f"{'warm-up' if number == 0 else number:>7}  {taken:5.2f} s", flush=True)
            seconds.append(taken)
            time.sleep(max(0.0, 6 - taken))
        browser.close()
    counted = seconds[1:]
    print(
        f"registration to answer on screen: median {statistics.median(counted):.2f} s, "
        f"worst {max(counted):.2f} s of {people} people (first lookup of a cold browser: {seconds[0]:.2f} s)"
    )


if __name__ == "__main__":
    main()
