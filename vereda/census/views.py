"""The profile with its census section, and the service's health."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap, trigger_client_event

from vereda.accounts import consents
from vereda.accounts.forms import ProfileForm
from vereda.accounts.models import Purpose
from vereda.accounts.requests import AuthenticatedRequest
from vereda.census import actions, troubles, turns, wording
from vereda.census.health import is_database_up
from vereda.census.models import CedulaInfo, Reason
from vereda.census.statuses import UNAUTHORISED, Status

FAST_POLL_SECONDS = 20
"""For so long after a request the page polls every second; later every 5 s."""


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def profile(request: AuthenticatedRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        request.user.save(update_fields=ProfileForm.Meta.fields)  # other fields may have changed meanwhile
        messages.success(request, "Sus datos quedaron guardados.")
        return redirect("profile")
    if form.is_bound:
        request.user.refresh_from_db()  # an invalid form has already changed the instance
    return _profile_page(request, form)


@require_safe
@never_cache
def section(request: AuthenticatedRequest) -> HttpResponse:
    """The own census section as a fragment; 204 when the page shows it already (`visto`, `turno`).

    So a poll swaps only what changed: focus stays, and a screen reader reads nothing twice. A turn that has changed
    comes alone, out of band.
    """
    context = _section(_own_record(request))
    if request.GET.get("visto") != context["seen"]:
        return render(request, "census/profile.html#section", context)
    turn = context["turn"]
    if request.GET.get("turno", "") == (turn.key if turn else ""):
        return HttpResponse(status=204)
    return reswap(render(request, "census/profile.html#turn", {**context, "is_out_of_band": True}), "none")


@require_POST
def refresh(request: AuthenticatedRequest) -> HttpResponse:
    """Ask for the own lookup again; 429 within the cooldown, and when the day's lookups are spent."""
    record = actions.create_record(user=request.user)
    try:
        is_asked = actions.request_lookup(
            record=record, requested_by=request.user, reason=Reason.OWN, now=timezone.now()
        )
    except actions.NotAuthorisedError:
        return _with_message(request, record, "Primero autorice la consulta de su cédula.", "warning")
    except actions.TooSoonError as error:
        return _too_soon(request, record, error)
    text = "Listo: volvemos a consultar su cédula." if is_asked else "Su consulta ya está en marcha."
    return _with_message(request, record, text, "info")


def _with_message(request: AuthenticatedRequest, record: CedulaInfo, text: str, kind: str) -> HttpResponse:
    """Answer with the section and a toast for htmx; with the profile and a message for a plain form."""
    if request.htmx:
        return _section_with_toast(request, record, text, kind)
    messages.add_message(request, messages.WARNING if kind == "warning" else messages.INFO, text)
    return redirect("profile")


def _too_soon(request: AuthenticatedRequest, record: CedulaInfo, error: actions.TooSoonError) -> HttpResponse:
    """Answer 429 with the time left: a toast for htmx, the whole page for a plain form."""
    text = wording.too_soon(error.seconds, error.cap)
    if request.htmx:
        response = _section_with_toast(request, record, text, "warning")
    else:
        messages.warning(request, text)
        response = _profile_page(request, ProfileForm(instance=request.user))
    response.status_code = 429
    response["Retry-After"] = str(error.seconds)
    return response


def _section_with_toast(request: AuthenticatedRequest, record: CedulaInfo, text: str, kind: str) -> HttpResponse:
    response = render(request, "census/profile.html#section", _section(record))
    return trigger_client_event(response, "showToast", {"message": text, "type": kind})


def _profile_page(request: AuthenticatedRequest, form: ProfileForm) -> HttpResponse:
    return render(request, "census/profile.html", {"form": form, **_section(_own_record(request))})


def _own_record(request: AuthenticatedRequest) -> CedulaInfo:
    """Return the viewer's own record, unsaved if the rescue has not made it yet."""
    record = CedulaInfo.objects.filter(user=request.user).first()
    if record is not None:
        return record
    is_allowed = consents.current_consents(request.user).allows(Purpose.CENSUS_LOOKUP)
    return CedulaInfo(user=request.user, status=Status.PENDING if is_allowed else UNAUTHORISED)


def _section(record: CedulaInfo) -> dict[str, Any]:
    now = timezone.now()
    age = (now - record.requested_at).total_seconds()
    poll_seconds = 1 if age < FAST_POLL_SECONDS else 5
    seen = f"{record.version}.{poll_seconds}"
    return {"record": record, "turn": turns.turn_of(record, now), "poll_seconds": poll_seconds, "seen": seen}


@login_not_required
@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """Whether the service can work, for load balancers and monitors: 200 or 503, nothing personal.

    While something else than the database is in trouble, pages are served and the service stays in use.
    """
    is_up = is_database_up()
    state = troubles.report(timezone.now()) if is_up else {"status": "down", "census": "unknown", "worker": "unknown"}
    return JsonResponse({**state, "database": is_up}, status=200 if is_up else 503)
