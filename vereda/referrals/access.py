"""Who may do what on the leader's pages. Whose data it is about is asked of `visible_to`."""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from vereda.accounts.requests import AuthenticatedRequest

type View = Callable[..., HttpResponse]


def leader_required(view: View) -> View:
    """Refuse everybody but leaders with 403."""

    @wraps(view)
    def guarded(request: AuthenticatedRequest, *args: int, **kwargs: int) -> HttpResponse:
        if not request.user.is_leader:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def leader_or_self_required(view: View) -> View:
    """Refuse everybody with 403 but leaders and the person that it is about."""

    @wraps(view)
    def guarded(request: AuthenticatedRequest, user_id: int) -> HttpResponse:
        if not (request.user.is_leader or request.user.pk == user_id):
            raise PermissionDenied
        return view(request, user_id)

    return guarded
