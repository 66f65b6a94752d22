"""The known sources and captcha solvers, and how one is configured. Imports nothing slow."""

from dataclasses import dataclass, field
from enum import StrEnum


class SourceKind(StrEnum):
    """How a source is asked."""

    PAGE = "page"
    API = "api"


@dataclass(frozen=True, slots=True)
class KnownSource:
    """A known source: how it is asked, and its usual address."""

    kind: SourceKind
    url: str


KNOWN_SOURCES = {
    "practice": KnownSource(SourceKind.PAGE, "http://127.0.0.1:8800/censo/consultar/"),
    "registraduria": KnownSource(SourceKind.PAGE, "https://wsp.registraduria.gov.co/censo/consultar/"),
    "consultacenso": KnownSource(SourceKind.PAGE, "https://consultacenso.registraduria.gov.co/"),
    "verifik": KnownSource(SourceKind.API, "https://api.verifik.co/v2/co/registraduria/votacion"),
}
"""The sources by name. The Registraduría's census lives at two addresses."""

KNOWN_SOLVERS = ("none", "2captcha")


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """The configuration of a source. An empty `url`, `captcha_url` or `browser_executable` means the usual one."""

    name: str
    url: str = ""
    timeout_seconds: float = 90.0
    token: str = field(default="", repr=False)
    captcha_solver: str = "none"
    captcha_key: str = field(default="", repr=False)
    captcha_url: str = ""
    captcha_poll_seconds: float = 5.0
    browser_executable: str = ""
    browser_headless: bool = True

    @property
    def address(self) -> str:
        """Raises KeyError for an unknown source."""
        return self.url or KNOWN_SOURCES[self.name].url
