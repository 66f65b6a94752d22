"""Alerts: telling each address once that a trouble began, and once that it ended.

Several hosts may look at the same moment. What one of them writes down decides: a row is made once, and a message is
sent by whoever moves the row's `next_at`. What could not be sent is tried again later, also after a restart.
"""

import hashlib
import socket
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from vereda.census.models import Alert
from vereda.census.troubles import Trouble, open_troubles

type Send = Callable[[Collection[str], str, str], Collection[str]]
"""Sends a title and a body to addresses; returns those that took it."""

FIRST_RETRY_SECONDS = 60
LONGEST_RETRY_SECONDS = 3600
NOT_PUBLIC = ("*", "localhost", "127.0.0.1", "[::1]")
KEPT_FOR = timedelta(minutes=10)
"""How long a trouble that nobody heard of stays written down after its end: a message may still be on its way."""


def note(now: datetime) -> bool:
    """Write down which troubles began and which ended; return whether somebody has yet to hear of one."""
    addresses = addressees()
    if not addresses:
        return False
    troubles = {trouble.code: trouble for trouble in open_troubles(now)}
    known = Alert.objects.in_bulk()
    for trouble in troubles.values():
        _begin(trouble, known.get(trouble.code), now)
    for alert in known.values():
        if alert.code not in troubles:
            _end(alert, addresses, now)
    return any(alert.unheard(addresses) for alert in _due(now))


def send_due(now: datetime, send: Send) -> tuple[int, int]:
    """Tell who has yet to hear something; return how many messages went, and how many did not."""
    addresses = addressees()
    went = failed = 0
    for alert in _due(now):
        unheard = alert.unheard(addresses)
        if unheard and _take(alert, now):
            took = send(unheard.values(), *message(alert))
            reached = {name for name, address in unheard.items() if address in took}
            _store(alert, reached, is_done=len(reached) == len(unheard))
            went, failed = went + len(reached), failed + len(unheard) - len(reached)
    return went, failed


def addressees() -> dict[str, str]:
    """Return the addresses by their fingerprints, which hold no secrets."""
    return {hashlib.sha256(address.encode()).hexdigest()[:12]: address for address in settings.ALERT_URLS}


def message(alert: Alert) -> tuple[str, str]:
    """Return the title and the text, in Spanish, that say that it began or ended."""
    began = f"{timezone.localtime(alert.began_at):%d/%m %H:%M}"
    if alert.is_on:
        return title("problema"), f"{alert.text}\n\nQué hacer: {alert.remedy}\n\nDesde: {began}"
    ended = f"{timezone.localtime(alert.ended_at or alert.began_at):%d/%m %H:%M}"
    return title("resuelto"), f"Ya no sucede: {alert.text}\n\nDuró del {began} al {ended}. No hace falta hacer nada."


def title(what: str) -> str:
    """Return a message's title, with the site that it is about."""
    return f"Vereda ({site_name()}): {what}"


def site_name() -> str:
    """Return the first public name that this site answers to, else this machine's."""
    public = (host.lstrip(".") for host in settings.ALLOWED_HOSTS if host not in NOT_PUBLIC)
    return next(public, socket.gethostname())


def _due(now: datetime) -> list[Alert]:
    return list(Alert.objects.filter(next_at__lte=now).order_by("next_at"))


def _begin(trouble: Trouble, known: Alert | None, now: datetime) -> None:
    fields = {"text": trouble.text, "remedy": trouble.remedy, "began_at": now, "next_at": now + trouble.patience}
    if known is None:
        Alert.objects.bulk_create([Alert(code=trouble.code, **fields)], ignore_conflicts=True)
    elif not known.is_on:
        over = Alert.objects.filter(pk=known.pk, is_on=False)
        over.update(is_on=True, ended_at=None, tries=0, **fields)


def _end(alert: Alert, addresses: dict[str, str], now: datetime) -> None:
    """Write down that a trouble is over, or forget it once nobody has to hear of that any more."""
    if alert.is_on:
        Alert.objects.filter(pk=alert.pk, is_on=True).update(is_on=False, ended_at=now, tries=0, next_at=now)
    elif not alert.unheard(addresses):
        Alert.objects.filter(pk=alert.pk, is_on=False, ended_at__lte=now - KEPT_FOR).delete()


def _take(alert: Alert, now: datetime) -> bool:
    """Take the right to send a message, until it would be tried again."""
    seconds = min(FIRST_RETRY_SECONDS * 2 ** min(alert.tries, 20), LONGEST_RETRY_SECONDS)
    still = Alert.objects.filter(pk=alert.pk, is_on=alert.is_on, next_at=alert.next_at)
    return still.update(next_at=now + timedelta(seconds=seconds), tries=F("tries") + 1) == 1


@transaction.atomic
def _store(alert: Alert, reached: Collection[str], *, is_done: bool) -> None:
    """Write down who was told, whatever has become of the trouble meanwhile."""
    current = Alert.objects.select_for_update().filter(pk=alert.pk).first()
    if current is None:
        return
    others = [name for name in current.told.split() if name not in reached]
    current.told = " ".join(sorted([*others, *reached]) if alert.is_on else others)
    current.tries = 0 if is_done else current.tries
    current.save(update_fields=["told", "tries"])
