"""Two small views of the registration: checking one field while it is typed, and closing a notice."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from vereda.accounts.forms import RegistrationForm
from vereda.accounts.joining import after_registration
from vereda.accounts.models import Policy
from vereda.accounts.requests import AuthenticatedRequest
from vereda.errors import BadInputError

CHECKED = ("cedula", "full_name", "phone", "password1", "password2")


@login_not_required
@require_POST
@never_cache
@sensitive_post_parameters()
def check(request: HttpRequest) -> HttpResponse:
    """What the form would say of one field (`campo`); nothing while it is empty.

    It asks nothing of the database, and so cannot tell who is registered.
    """
    name = request.POST.get("campo", "")
    if name not in CHECKED:
        raise BadInputError("Esa casilla no existe. Recargue la página.")
    form = RegistrationForm(request.POST, policy=Policy())
    form.full_clean()
    rules = form.password_rules if name == "password1" else None
    context = {"field": form[name], "rules": rules, "is_empty": not request.POST.get(name)}
    return render(request, "accounts/checked.html", context)


@require_POST
def seen(request: AuthenticatedRequest) -> HttpResponse:
    """Close the notice that somebody tried to register with one's cédula."""
    after_registration.forget_second(person=request.user)
    return redirect("home")
