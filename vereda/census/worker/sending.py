"""Sends messages to an operator's addresses, through apprise. Loaded only by the commands that send."""

import logging
import re
import threading
import time
from collections.abc import Collection
from urllib.parse import urlsplit

import apprise

logger = logging.getLogger(__name__)

LONGEST_SECONDS = 20.0
"""An address that takes longer has not taken the message."""

_ASSET = apprise.AppriseAsset(app_id="Vereda", app_desc="Vereda", app_url="", secure_logging=True)
_WITH_A_HOST = re.compile(r"(mailto|json|xml|form|gotify|mmost|matrix|rocket)s?")
"""Addresses whose host is one. In others a part of the secret stands in its place."""


def send(addresses: Collection[str], title: str, body: str) -> set[str]:
    """Send a message to all addresses at once; return those that took it. Never raises, never takes long."""
    took: set[str] = set()
    threads = [
        threading.Thread(target=_send_one, args=(address, title, body, took), daemon=True) for address in addresses
    ]
    deadline = time.monotonic() + LONGEST_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return set(took)


def shown(address: str) -> str:
    """Return an address as it may be printed: scheme and, unless it is part of the secret, host."""
    scheme, _, _ = address.partition("://")
    host = _host_of(address) if _WITH_A_HOST.fullmatch(scheme) else ""
    return f"{scheme}://{host or '…'}"


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _send_one(address: str, title: str, body: str, took: set[str]) -> None:
    try:
        target = apprise.Apprise(asset=_ASSET)
        is_sent = target.add(address) and target.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)
    except Exception:  # noqa: BLE001 - whatever goes wrong in there; its text may hold the address
        is_sent = False
    if is_sent:
        took.add(address)
    else:
        logger.warning("alert.not_sent to=%s", shown(address))
