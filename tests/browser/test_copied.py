"""The samples of what people paste: copied again from the practice census, and compared with those that are kept."""

import pytest
from playwright.sync_api import BrowserContext, Page

from practice.server import PracticeServer
from practice.site import Face
from tests.browser.census_pages import ask_by_hand, copy
from tests.census.sources.reading.copied import COPIED, ENDINGS, PARTS, cedula_of, key

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("face", Face)
def test_what_the_clipboard_holds_is_what_the_samples_say(context: BrowserContext, page: Page, face: Face) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    with PracticeServer() as practice:
        for name in ENDINGS:
            page.goto(practice.url_of(face))
            ask_by_hand(page, face, cedula_of(name))
            for part in PARTS:
                copy(page, face, part)
                assert page.evaluate("navigator.clipboard.readText()") == COPIED[key(face, part, name)]
