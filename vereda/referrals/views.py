"""The leader's list: page, search, what changed, refresh of one, some or all, a full cédula, print."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import reswap, retarget, trigger_client_event

from vereda.accounts import actions as people
from vereda.accounts.joining.invitations import invitation_of
from vereda.accounts.models import User
from vereda.accounts.requests import AuthenticatedRequest
from vereda.census import actions, bulk, wording
from vereda.census import views as census
from vereda.census.models import BulkRefresh, CedulaInfo, Reason
from vereda.errors import too_many_requests
from vereda.referrals import phrases
from vereda.referrals.access import leader_or_self_required, leader_required
from vereda.referrals.forms import SearchForm, cleaned, marked_ids
from vereda.referrals.groups import Group
from vereda.referrals.listing import counts_of, records_of, slice_of
from vereda.referrals.page import Changes, Seen, Tools, changes_since, page_and_tools, read_seen
from vereda.referrals.queries import ListQuery, new_search, read_query

MOST_PRINTED = 1000
_LEVELS = {"success": messages.SUCCESS, "info": messages.INFO, "warning": messages.WARNING}


@require_safe
def referrals(request: AuthenticatedRequest) -> HttpResponse:
    """The people whom one invited. Only leaders see what the census says of them."""
    query = _allowed_query(request)
    page, tools = page_and_tools(request.user, query, timezone.now())
    context = {"page": page, "tools": tools, "invitation": None if page.rows else invitation_of(request)}
    return render(request, "referrals/list.html", context)


@require_POST
@sensitive_post_parameters("q")
def search(request: AuthenticatedRequest) -> HttpResponse:
    """Search by POST, so that a number that is searched for stands in no address."""
    given = cleaned(SearchForm(request.POST))
    query = new_search(given["q"], request.session)
    return redirect(query.address(group=Group(given["estado"] or Group.ALL), order=given["orden"] or query.order))


@require_safe
@leader_required
def changes(request: AuthenticatedRequest) -> HttpResponse:
    """What changed in the rows that the page shows. Empty when nothing did; 286, which ends polling, when all is final.

    Every row of the page is asked about, so that one that changed elsewhere arrives as well.
    """
    query = read_query(request.GET, request.session)
    found = changes_since(request.user, read_seen(request.GET), timezone.now())
    if not found.has_any:
        return HttpResponse(status=204 if found.is_live else 286)
    response = _swaps(request, query, found)
    if found.is_progress_over:
        trigger_client_event(response, "showToast", {"message": phrases.BULK_IS_OVER, "type": "success"})
    response.status_code = 200 if found.is_live else 286
    return response


@require_POST
@leader_or_self_required
def refresh_one(request: AuthenticatedRequest, user_id: int) -> HttpResponse:
    """Look one person up again and return their row. 429 within the cooldown, and when the day's lookups are spent.

    One's own record, which is no row, is refreshed as on the profile.
    """
    if user_id == request.user.pk:
        return census.refresh(request)
    state = _page_state(request)
    record = get_object_or_404(CedulaInfo.objects.visible_to(request.user), user_id=user_id)
    waits_in_bulk = record.can_go_ahead
    try:
        is_asked = actions.request_lookup(
            record=record, requested_by=request.user, reason=Reason.LEADER, now=timezone.now()
        )
    except CedulaInfo.DoesNotExist:  # erased meanwhile
        raise Http404 from None
    except actions.NotAuthorisedError:
        return _answered(request, state, phrases.NOT_AUTHORISED, "warning", asked=[user_id])
    except actions.TooSoonError as error:
        return too_many_requests(request, wording.too_soon(error.seconds, error.cap), error.seconds)
    text = phrases.ASKED if is_asked else phrases.AHEAD if waits_in_bulk else phrases.UNDER_WAY
    return _answered(request, state, text, "info", asked=[user_id])


@require_POST
@leader_required
def refresh_marked(request: AuthenticatedRequest) -> HttpResponse:
    """Look the marked people up again, except those for whom that changes nothing."""
    state = _page_state(request)
    ids = marked_ids(request.POST.getlist("ids"))
    records = CedulaInfo.objects.visible_to(request.user).exclude(user=request.user).filter(user__in=ids)
    if records.count() != len(ids):
        raise Http404
    tally = bulk.refresh_marked(records=records, requested_by=request.user, now=timezone.now())
    return _answered(request, state, phrases.of_tally(tally), "success" if tally.queued else "warning", asked=ids)


@require_POST
@leader_required
def refresh_all(request: AuthenticatedRequest) -> HttpResponse:
    """Look up again, in the background, everybody of this search and tab whose lookup failed."""
    state = _page_state(request)
    if state.query.is_search_lost:
        return _answered(request, state, phrases.SEARCH_IS_LOST, "warning")
    visible = CedulaInfo.objects.visible_to(request.user)
    records = records_of(request.user, state.query).filter(pk__in=visible.values("pk"))
    try:
        started = bulk.refresh_all(records=records, requested_by=request.user, now=timezone.now())
    except bulk.AlreadyRunningError:
        return _answered(request, state, phrases.BULK_IS_RUNNING, "warning")
    if started is None:
        return _answered(request, state, phrases.NOBODY_TO_ASK, "warning")
    return _answered(request, state, phrases.bulk_started(started.total), "success")


@require_POST
@leader_required
def cancel(request: AuthenticatedRequest, bulk_id: int) -> HttpResponse:
    """Stop a request for many people. Those who still wait get their former status back."""
    state = _page_state(request)
    request_for_many = get_object_or_404(BulkRefresh, pk=bulk_id, requested_by=request.user)
    put_back = bulk.cancel(bulk=request_for_many, now=timezone.now())
    if put_back is None:
        return _answered(request, state, phrases.BULK_WAS_CANCELLED, "info")
    return _answered(request, state, phrases.bulk_cancelled(put_back, request_for_many.total), "info")


@require_POST
@leader_required
def reveal(request: AuthenticatedRequest, user_id: int) -> HttpResponse:
    """Show a person's full cédula, with a record of who looked."""
    person = get_object_or_404(User.objects.visible_to(request.user), pk=user_id)
    response = HttpResponse(people.reveal_cedula(person=person, actor=request.user))
    return reswap(retarget(response, f"#referido-{user_id}-cedula"), "innerHTML")


@require_safe
def printable(request: AuthenticatedRequest) -> HttpResponse:
    """All that search and tab show, in a form for paper; cédulas stay masked."""
    query = _allowed_query(request)
    counts = counts_of(request.user, query)
    context = {
        "rows": slice_of(request.user, query, counts, first=0, size=MOST_PRINTED),
        "query": query,
        "total": counts.of(query.group),
        "now": timezone.now(),
    }
    return render(request, "referrals/print.html", context)


def _allowed_query(request: AuthenticatedRequest) -> ListQuery:
    """Return what the address asks for. Raises `PermissionDenied` for a user who asks about census answers."""
    query = read_query(request.GET, request.session).without_lost_search
    asks_for_answers = query.group != Group.ALL or query.order.removeprefix("-") == "estado"
    if asks_for_answers and not request.user.is_leader:
        raise PermissionDenied
    return query


@dataclass(frozen=True, slots=True)
class _PageState:
    """What the page shows that an action was asked for on."""

    query: ListQuery
    seen: Seen


def _page_state(request: AuthenticatedRequest) -> _PageState:
    """Return what the page shows, before anything is done. Raises `BadInputError`."""
    seen = read_seen(request.POST)
    return _PageState(read_query(request.POST, request.session), replace(seen, progress=seen.progress or ""))


def _answered(
    request: AuthenticatedRequest, state: _PageState, text: str, kind: str, asked: Collection[int] = ()
) -> HttpResponse:
    """Answer an action: with what changed on the page, the rows of those asked about among it, and a toast.

    A plain form gets the page, with a message.
    """
    if not request.htmx:
        messages.add_message(request, _LEVELS[kind], text)
        return redirect(state.query.address(page=state.query.page) + (f"#referido-{min(asked)}" if asked else ""))
    found = changes_since(request.user, state.seen, timezone.now(), asked)
    response = _swaps(request, state.query, found)
    return trigger_client_event(response, "showToast", {"message": text, "type": kind})


def _swaps(request: AuthenticatedRequest, query: ListQuery, found: Changes) -> HttpResponse:
    tools = Tools(query, counts_of(request.user, query), found.is_live, found.progress, found.notice)
    context: dict[str, Any] = {"changes": found, "tools": tools, "is_out_of_band": True, "over": phrases.BULK_IS_OVER}
    return render(request, "referrals/list.html#changes", context)
