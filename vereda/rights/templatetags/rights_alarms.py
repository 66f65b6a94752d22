"""What the administration's front page says about requests that nobody has answered in time."""

from typing import Any

from django import template
from django.template.context import Context

from vereda.rights.models import RightsRequest

register = template.Library()


@register.inclusion_tag("rights/components/overdue.html", takes_context=True)
def overdue_requests(context: Context) -> dict[str, Any]:
    """Say how many are overdue, to who may see them."""
    if not context["request"].user.has_perm("rights.view_rightsrequest"):
        return {"count": 0}
    return {"count": sum(one.is_overdue for one in RightsRequest.objects.filter(answered_on=None))}
