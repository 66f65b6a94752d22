"""A person's own data: the page and the file with all of it, permissions with their proof, and the erasure."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vereda.accounts import consents, policies, throttle
from vereda.accounts.consents import Agreement
from vereda.accounts.entering.login import too_many_passwords
from vereda.accounts.models import Policy, Purpose
from vereda.accounts.requests import AuthenticatedRequest, address_of
from vereda.errors import BadInputError
from vereda.rights import actions, erasure
from vereda.rights.deadlines import Kind, due_on
from vereda.rights.forms import AcceptanceForm, ErasureForm, PermissionForm
from vereda.rights.held import as_json, held_of

LATEST = 100
"""How many lookups and audit entries the page shows; the file has them all."""

_MESSAGES = {
    (Purpose.CENSUS_LOOKUP, True): "Listo: vamos a consultar dónde vota.",
    (Purpose.CENSUS_LOOKUP, False): "Listo: no consultamos más su cédula y borramos lo que respondió el censo.",
    (Purpose.CONTACT_BY_LEADER, True): "Listo: quien le invitó ya puede ver su teléfono.",
    (Purpose.CONTACT_BY_LEADER, False): "Listo: quien le invitó ya no ve su teléfono.",
}


@require_safe
def own_data(request: AuthenticatedRequest) -> HttpResponse:
    """Everything that is held about oneself, and what one may do about it."""
    policy = Policy.objects.current()
    held = held_of(request.user, latest=LATEST)
    today = timezone.localdate()
    context = {
        "held": held,
        "policy": policy,
        "has_accepted": held.consents.has_accepted(policy),
        "due": [(kind, due_on(kind, today)) for kind in Kind],
    }
    return render(request, "rights/own_data.html", context)


@require_POST
def download(request: AuthenticatedRequest) -> HttpResponse:
    """The same as a JSON file. By POST, because it writes an audit entry."""
    actions.note_export(person=request.user)
    response = JsonResponse(as_json(held_of(request.user)), json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = 'attachment; filename="mis-datos.json"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def accept_policy(request: AuthenticatedRequest) -> HttpResponse:
    """The policy in force, to be read and accepted, with each purpose by itself."""
    policy = Policy.objects.current()
    form = AcceptanceForm(request.POST or None, consents=consents.current_consents(request.user), policy=policy)
    if request.method == "POST" and form.is_valid():
        actions.settle(person=request.user, agreement=form.agreement(address_of(request)))
        messages.success(request, "Gracias. Su autorización quedó guardada.")
        return redirect("profile" if form.cleaned_data["purpose_census_lookup"] else "own-data")
    context = {"form": form, "policy": policy, "policy_html": policies.rendered(policy.text)}
    return render(request, "rights/accept_policy.html", context)


@require_POST
def change_permission(request: AuthenticatedRequest) -> HttpResponse:
    """Give or withdraw the permission for one purpose. Who has not accepted the policy in force is led to it first."""
    form = PermissionForm(request.POST)
    if not form.is_valid():
        raise BadInputError(next(complaint for complaints in form.errors.values() for complaint in complaints))
    purpose, address = Purpose(form.cleaned_data["finalidad"]), address_of(request)
    is_given = form.cleaned_data["permiso"] == PermissionForm.GIVE
    policy = Policy.objects.current()
    if is_given and not consents.current_consents(request.user).has_accepted(policy):
        return redirect("accept-policy")
    if is_given:
        agreement = Agreement(policy, (purpose,), address)
        actions.agree(person=request.user, agreement=agreement)
    else:
        actions.withdraw(person=request.user, purpose=purpose, address=address)
    messages.success(request, _MESSAGES[purpose, is_given])
    return redirect("profile" if is_given and purpose == Purpose.CENSUS_LOOKUP else "own-data")


@require_safe
def proof(request: AuthenticatedRequest) -> HttpResponse:
    """A proof of all that one has allowed and withdrawn, for paper."""
    return render(request, "rights/proof.html", {"held": held_of(request.user, latest=0), "now": timezone.now()})


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def erase_me(request: AuthenticatedRequest) -> HttpResponse:
    """Erase one's own account and everything that is held about oneself."""
    person = request.user
    if request.method == "POST" and (seconds := throttle.seconds_until_password(person, timezone.now())):
        return too_many_passwords(request, seconds)
    form = ErasureForm(request.POST or None, person=person)
    is_last = erasure.is_last_superuser(person)
    if request.method == "POST" and form.is_valid() and not is_last:
        erasure.erase(person=person, actor=person, now=timezone.now())
        logout(request)
        messages.success(request, "Borramos su cuenta y todos sus datos. Gracias por haber caminado con nosotros.")
        return redirect("login")
    return render(request, "rights/erase_me.html", {"form": form, "is_last_superuser": is_last})
