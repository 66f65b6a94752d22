"""What the administration's front page says about what the law asks of the organisation."""

from typing import Any

from django import template
from django.conf import settings
from django.template.context import Context

from vereda.accounts import policies
from vereda.accounts.models import Policy
from vereda.rights.models import RightsRequest

register = template.Library()


@register.inclusion_tag("rights/components/alarms.html", takes_context=True)
def rights_alarms(context: Context) -> dict[str, Any]:
    """Say how many requests are overdue, and that the policy in force names nobody, each to who may mend it."""
    user = context["request"].user
    may_see = user.has_perm("rights.view_rightsrequest")
    unanswered = RightsRequest.objects.filter(answered_on=None) if may_see else []
    is_real = "practice" not in settings.CENSUS_SOURCE
    names_nobody = user.is_superuser and is_real and policies.has_shipped(Policy.objects.current())
    return {"overdue": sum(one.is_overdue for one in unanswered), "names_nobody": names_nobody}
