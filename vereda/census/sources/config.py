"""What a source is made of, and which sources and captcha solvers there are. Imports nothing that is slow to import."""

from dataclasses import dataclass, field

KNOWN_SOURCES = {
    "practice": "http://127.0.0.1:8800/censo/consultar/",
    "registraduria": "https://wsp.registraduria.gov.co/censo/consultar/",
}
"""The sources by name, with the page that each opens unless told otherwise."""

KNOWN_SOLVERS = ("none", "2captcha")


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """What a source is made of. An empty `url`, `captcha_url` or `browser_executable` means the usual one."""

    name: str
    url: str = ""
    timeout_seconds: float = 90.0
    captcha_solver: str = "none"
    captcha_key: str = field(default="", repr=False)
    captcha_url: str = ""
    captcha_poll_seconds: float = 5.0
    browser_executable: str = ""
    browser_headless: bool = True
