"""Works a census page by hand, as a person does who wants to copy its result."""

import re
from typing import Literal

from playwright.sync_api import Locator, Page, expect

from practice.site import Face

type Part = Literal["page", "result"]

_NUMBER = {Face.AJAX: "No. Identificación", Face.HTML: "Número de documento", Face.JSON: "Número de documento"}
_RESULT = {Face.AJAX: "#success:not(:empty), #div_error:not(:empty)", Face.HTML: ".respuesta", Face.JSON: "#resultado"}


def result_of(page: Page, face: Face) -> Locator:
    return page.locator(_RESULT[face])


def ask_by_hand(page: Page, face: Face, cedula: str) -> None:
    """Fill the form of the census page that is open, send it and wait for what it answers."""
    if face is Face.HTML:
        page.get_by_label("Elección").select_option("LUGAR DE VOTACIÓN ACTUAL")
    if face is Face.JSON:
        expect(page.get_by_label("Elección")).to_have_value("0")
    page.get_by_label(_NUMBER[face]).fill(cedula)
    page.get_by_label("Práctica: no soy un robot").check()
    expect(page.locator("#g-recaptcha-response")).to_have_value(re.compile("03A"))
    page.get_by_role("button", name="Consultar").click()
    expect(result_of(page, face)).not_to_be_empty()
    if face is Face.HTML:
        expect(page.locator(".loading-overlay")).to_be_hidden()


def copy(page: Page, face: Face, part: Part) -> None:
    """Copy the whole page, or its result alone, into the clipboard."""
    if part == "page":
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("Control+a")
    else:
        result_of(page, face).evaluate("element => getSelection().selectAllChildren(element)")
    page.keyboard.press("Control+c")
