"""Erasing a person: nothing of them stays in the database but a keyed tombstone and an audit entry without their data.

By Ley 1581 de 2012, article 8 e. Foreign keys delete the rows that belong to the account. The rest is done here:
sessions, the log of the administration, and evidence about others that contains their number.
"""

import json
import logging
import re
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.messages.storage.session import SessionStorage
from django.db import transaction
from django.db.models import Q

from vereda.accounts import audit, tombstones
from vereda.accounts.joining import links
from vereda.accounts.models import AuditEntry, PersonSession, User
from vereda.accounts.sessions import SessionStore
from vereda.census.models import CedulaInfo
from vereda.census.transitions import NO_EVIDENCE
from vereda.referrals import queries
from vereda.rights import vacuum

_MESSAGES = SessionStorage.session_key

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
    actor_id, person_id = actor.pk if actor else None, person.pk
    _lock_records(person_id)
    held = User.objects.select_for_update().filter(Q(is_superuser=True) | Q(pk=person_id)).order_by("pk")
    whole = {user.pk: user for user in held}.get(person_id)  # read anew, and superusers go one after the other
    if whole is None:
        return
    if is_last_superuser(whole):
        raise LastSuperuserError
    tombstones.remember(whole.cedula, at=now)
    links.retire(whole.referral_code)
    _clear_sessions(whole)
    _clear_administration_log(whole)
    CedulaInfo.objects.with_evidence().filter(raw_response__contains=whole.cedula).update(**NO_EVIDENCE)
    whole.delete()
    audit.record_many(action=AuditEntry.Action.ERASED, actor=User(pk=actor_id), person_ids=[person_id])
    transaction.on_commit(vacuum.empty_log, robust=True)
    logger.info("person.erased")


def _lock_records(person_id: int) -> None:
    """Lock the records before the person, in the same order as workers do, or both would wait for each other."""
    named = Q(user=person_id) | Q(referred_by=person_id) | Q(requested_by=person_id)
    list(CedulaInfo.objects.select_for_update().filter(named).order_by("pk").values_list("pk"))


def _clear_sessions(person: User) -> None:
    """End their sessions, and remove them from the searches in sessions of others."""
    PersonSession.objects.filter(person_id=person.pk).delete()
    store, changed = SessionStore(), []
    for row in PersonSession.objects.filter(person_id__isnull=False).iterator():
        kept = row.get_decoded()
        numbers = (person.cedula, person.phone)
        if queries.forget(kept, numbers=numbers, name=person.full_name) | _forget_messages(kept, person):
            row.session_data = store.encode(kept)
            changed.append(row)
    PersonSession.objects.bulk_update(changed, ["session_data"], batch_size=100)


def _forget_messages(session: dict[str, Any], person: User) -> bool:
    """Remove unread messages about them from a session; return whether there were any."""
    mentions = str(json.loads(session.get(_MESSAGES, "[]")))
    is_named = re.search(rf"(?<!\w){re.escape(person.full_name)}(?!\w)", mentions) is not None
    return is_named and session.pop(_MESSAGES) is not None


def _clear_administration_log(person: User) -> None:
    """Delete log entries about them, and blank entries about others that contain their name or numbers."""
    entries = LogEntry.objects.all()
    entries.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(person.pk)).delete()
    mentions = Q(object_repr=person.full_name) | Q(change_message__contains=json.dumps(person.full_name))
    if " " in person.full_name:  # one word may be any word of the log
        mentions |= Q(object_repr__contains=person.full_name)
    for number in filter(None, (person.cedula, person.phone)):
        mentions |= Q(object_repr__contains=number) | Q(change_message__contains=number)
    entries.filter(mentions).update(object_repr="—", change_message="")
