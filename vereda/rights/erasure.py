"""Erasing a person: nothing of them stays in the database but a keyed tombstone and an audit entry without their data.

By Ley 1581 de 2012, article 8 e. What hangs on the account goes by foreign keys. What does not, is gone through here:
sessions, the log of the administration, and evidence about others that has their number in it.
"""

import logging
from datetime import datetime
from functools import partial

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q

from vereda.accounts import audit, tombstones
from vereda.accounts.models import AuditEntry, User
from vereda.accounts.sessions import PersonSession, SessionStore
from vereda.census.models import CedulaInfo
from vereda.census.states import NO_EVIDENCE
from vereda.referrals import queries
from vereda.rights import traces

logger = logging.getLogger(__name__)


class LastSuperuserError(Exception):
    """Nobody would be left who may do everything."""


def is_last_superuser(person: User) -> bool:
    """Whether nobody else may do everything."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=person.pk)
    return person.is_superuser and not others.exists()


@transaction.atomic
def erase(*, person: User, actor: User | None, now: datetime) -> None:
    """Erase a person, at their own wish or by a superuser whom they asked. Raises `LastSuperuserError`.

    A lookup of theirs that is in flight loses its claim: it can write nothing any more.
    """
    list(User.objects.select_for_update().filter(Q(is_superuser=True) | Q(pk=person.pk)).order_by("pk"))
    if is_last_superuser(person):
        raise LastSuperuserError
    actor_id, person_id = actor.pk if actor else None, person.pk
    tombstones.remember(person.cedula, at=now)
    _clear_sessions(person)
    _clear_administration_log(person)
    CedulaInfo.objects.filter(raw_response__contains=person.cedula).update(**NO_EVIDENCE)
    User.objects.get(pk=person.pk).delete()
    audit.record_many(action=AuditEntry.Action.ERASED, actor=User(pk=actor_id), person_ids=[person_id])
    transaction.on_commit(partial(traces.wipe), robust=True)
    logger.info("person.erased")


def _clear_sessions(person: User) -> None:
    """End their sessions, and take their numbers out of what others have searched for."""
    PersonSession.objects.filter(person_id=person.pk).delete()
    store, changed = SessionStore(), []
    for row in PersonSession.objects.filter(person_id__isnull=False).iterator():
        kept = row.get_decoded()
        if queries.forget_numbers(kept, (person.cedula, person.phone)):
            row.session_data = store.encode(kept)
            changed.append(row)
    PersonSession.objects.bulk_update(changed, ["session_data"], batch_size=100)


def _clear_administration_log(person: User) -> None:
    """Remove what the administration noted about them, and their name and numbers from what it noted about others."""
    entries = LogEntry.objects.all()
    entries.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(person.pk)).delete()
    told = Q()
    for text in filter(None, (person.full_name, person.cedula, person.phone)):
        told |= Q(object_repr__icontains=text) | Q(change_message__icontains=text)
    entries.filter(told).update(object_repr="—", change_message="")
