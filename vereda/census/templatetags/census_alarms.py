"""The alarms on the administration's front page."""

from typing import Any

from django import template
from django.template.context import Context
from django.utils import timezone

from vereda.census import health, troubles

register = template.Library()


@register.inclusion_tag("census/components/troubles.html", takes_context=True)
def open_troubles(context: Context) -> dict[str, Any]:
    """List for superusers what they have to know, but for the changed faces, which have an alarm of their own."""
    if not context["request"].user.is_superuser:
        return {"troubles": []}
    snapshot = troubles.look(timezone.now())
    told_below = [(troubles.Kind.CHANGED, source) for source in snapshot.changed]
    found = troubles.troubles_of(snapshot)
    return {"troubles": [trouble for trouble in found if (trouble.kind, trouble.about) not in told_below]}


@register.inclusion_tag("census/components/changed_faces.html", takes_context=True)
def changed_faces(context: Context) -> dict[str, Any]:
    """List the sites that have changed their face; only who may see records gets the last evidence."""
    may_look = context["request"].user.has_perm("census.view_cedulainfo")
    faces = health.changed_faces(timezone.now())
    return {"alarms": [{"face": face, "record": face.last_evidence() if may_look else None} for face in faces]}
