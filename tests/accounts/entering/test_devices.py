"""What a browser is called."""

import pytest

from vereda.accounts.entering.devices import UNKNOWN, device_of

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome en Android"),
        (
            f"Mozilla/5.0 (Linux; Android 14; SM-A155M) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36",
            "Samsung Internet en Android",
        ),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36", "Chrome en Windows"),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge en Windows",
        ),
        (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/140.0 Mobile Safari/537.36 OPR/90.0", "Opera en Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox en Linux"),
        (f"{IPHONE} Version/18.0 Mobile/15E148 Safari/604.1", "Safari en iPhone"),
        (f"{IPHONE} CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome en iPhone"),
        (f"{MAC} Version/18.0 Safari/605.1.15", "Safari en Mac"),
        ("Algo (Android 4)", "Navegador en Android"),
        ("Firefox/1", "Firefox"),
        ("curl/8.0", UNKNOWN),
        ("", UNKNOWN),
        ("<b>Chrome/</b>" * 1000, "Chrome"),
    ],
)
def test_a_browser_is_called_what_people_call_it(user_agent: str, name: str) -> None:
    assert device_of(user_agent) == name
