"""What is in the queue, whichever broker keeps it: the database, or Redis."""

from typing import Any

from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from vereda.census.queue import LOOKUP_TASK


def messages() -> list[dict[str, Any]]:
    """Return the messages in the queue, the oldest first."""
    if Conf.ORM:
        return [message.task for message in OrmQ.objects.order_by("pk")]
    broker = get_broker()
    return [SignedPackage.loads(message) for message in broker.connection.lrange(broker.list_key, 0, -1)]


def sent() -> list[int]:
    """Return the ids of the people about whom there are messages."""
    return [message["args"][0] for message in messages() if message["func"] == LOOKUP_TASK]


def queue_size() -> int:
    return len(messages())


def clear() -> None:
    """Forget every message, and with Redis whatever else its database of the tests holds."""
    if Conf.ORM:
        OrmQ.objects.all().delete()
    else:
        get_broker().connection.flushdb()
