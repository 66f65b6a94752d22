"""Assisted lookup, page by page: whom to look up next, what was pasted, and storing it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from vereda.accounts import actions as people
from vereda.accounts.requests import AuthenticatedRequest
from vereda.census import turns, wording
from vereda.census.assisted import (
    assistable_by,
    may_assist,
    next_for,
    official_page,
    preview,
    record_assisted,
    waiting_for,
)
from vereda.census.forms import PasteForm
from vereda.census.models import CedulaInfo
from vereda.census.sources.port import Answer, Failure
from vereda.census.sources.reading.pasted import read_pasted
from vereda.census.statuses import ANSWERS, ASSISTABLE, Status
from vereda.errors import BadInputError
from vereda.lib.ids import ID

type View = Callable[..., HttpResponse]


def assistant_required(view: View) -> View:
    """Answer 403 to everybody who may not look others up by hand."""

    @wraps(view)
    def guarded(request: AuthenticatedRequest, *args: int, **kwargs: int) -> HttpResponse:
        if not may_assist(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def for_whom_waits(view: View) -> View:
    """Pass the person's record to the view; if they were looked up meanwhile, lead to the next person."""

    @wraps(view)
    @assistant_required
    def found(request: AuthenticatedRequest, user_id: int) -> HttpResponse:
        records = assistable_by(request.user).select_related("user").defer("raw_response")
        record = get_object_or_404(records, user=user_id)
        return view(request, record) if record.status in ASSISTABLE else _too_late(request, record)

    return found


@require_safe
@never_cache
@assistant_required
def assisted(request: AuthenticatedRequest) -> HttpResponse:
    """Show whom to look up next; `despues` is who was skipped last."""
    return _page(request, next_for(request.user, after=_skipped(request)), PasteForm())


@require_POST
@never_cache
@for_whom_waits
def reveal(request: AuthenticatedRequest, record: CedulaInfo) -> HttpResponse:
    """Show the full cédula, to be copied, and audit that."""
    people.reveal_cedula(person=record.user, actor=request.user)
    return _page(request, record, PasteForm(), is_revealed=True)


@require_POST
@never_cache
@sensitive_post_parameters("texto")
@for_whom_waits
def review(request: AuthenticatedRequest, record: CedulaInfo) -> HttpResponse:
    """Show what a paste was read as, before it is stored; `corregir` asks for the paste again."""
    form = PasteForm(request.POST)
    read = _read(form, record)
    if read is None or "corregir" in request.POST:
        return _page(request, record, form)
    return _review(request, record, form, read)


@require_POST
@never_cache
@sensitive_post_parameters("texto")
@for_whom_waits
def save(request: AuthenticatedRequest, record: CedulaInfo) -> HttpResponse:
    """Read the paste again, store it and go on to the next person."""
    form = PasteForm(request.POST)
    read = _read(form, record)
    if read is None:
        return _page(request, record, form)
    if not (read.names_cedula or form.cleaned_data["comprobado"]):
        form.add_error("comprobado", "Compruébelo en la página y marque esta casilla.")
        return _review(request, record, form, read)
    if not record_assisted(record=record, answer=read.answer, actor=request.user, now=timezone.now()):
        records = assistable_by(request.user).select_related("user").defer("raw_response")
        return _too_late(request, get_object_or_404(records, pk=record.pk))
    badge = preview(record=record, answer=read.answer, now=timezone.now()).wording.badge
    messages.success(request, f"Guardado: {record.user.full_name} · {badge}")
    return redirect(_address(request))


@dataclass(frozen=True, slots=True)
class _ReadPaste:
    """What a paste says, and whether it contains the person's number."""

    answer: Answer
    names_cedula: bool


def _read(form: PasteForm, record: CedulaInfo) -> _ReadPaste | None:
    """Return what was pasted; None, with an error on the form, when it is no answer about this person."""
    if not form.is_valid():
        return None
    read = read_pasted(form.cleaned_data["texto"], record.user.cedula)
    if isinstance(read.outcome, Failure):
        form.add_error("texto", wording.of_pasted(read.outcome))
        return None
    return _ReadPaste(read.outcome, read.names_cedula)


def _page(
    request: AuthenticatedRequest, record: CedulaInfo | None, form: PasteForm, *, is_revealed: bool = False
) -> HttpResponse:
    """Return the page about one person or nobody; for htmx only the cédula."""
    context: dict[str, Any] = {
        "record": record,
        "form": form,
        "skipped": _skipped(request),
        "is_revealed": is_revealed,
    }
    if request.htmx:
        return render(request, "census/assisted.html#cedula", context)
    context |= {
        "waiting": waiting_for(request.user),
        "official_page": official_page(),
        "notice": turns.notice(timezone.now()),
    }
    return render(request, "census/assisted.html", context)


def _review(request: AuthenticatedRequest, record: CedulaInfo, form: PasteForm, read: _ReadPaste) -> HttpResponse:
    context = {
        "record": preview(record=record, answer=read.answer, now=timezone.now()),
        "form": form,
        "skipped": _skipped(request),
        "names_cedula": read.names_cedula,
    }
    return render(request, "census/assisted_review.html", context)


def _too_late(request: AuthenticatedRequest, record: CedulaInfo) -> HttpResponse:
    """Lead to the next person, and say why not this one."""
    if record.status == Status.PROCESSING:
        why = "ya se está consultando automáticamente"
    elif record.status in ANSWERS:
        why = "ya tiene respuesta del censo"
    else:
        why = "no autoriza que se consulte su cédula"
    messages.info(request, f"{record.user.full_name} {why}. No hace falta hacer nada más.")
    address = _address(request)
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _address(request: AuthenticatedRequest) -> str:
    """Return the address of the next person, after whoever was skipped."""
    skipped = _skipped(request)
    return reverse("assisted") + (f"?despues={skipped}" if skipped else "")


def _skipped(request: AuthenticatedRequest) -> int | None:
    """Return who was skipped last. Raises `BadInputError` for anything but an id."""
    typed = (request.POST or request.GET).get("despues", "")
    if typed and not re.fullmatch(ID, typed, re.ASCII):
        raise BadInputError("No entendimos a quién saltar. Vuelva a empezar.")
    return int(typed) if typed else None
