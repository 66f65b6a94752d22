"""Responses for refused requests: an error page, or a toast for htmx."""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import trigger_client_event


class BadInputError(BadRequest):
    """Malformed input. The message is what people are told; it never repeats what they sent."""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, with the sentence that says what is wrong where there is one."""
    text = str(exception) if isinstance(exception, BadInputError) else ""
    return _refusal(request, 400, text, "No entendimos la solicitud. Recargue la página e intente de nuevo.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal(request, 403, "", "Su usuario no tiene permiso para hacer esto.")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: no such thing, or not yours to see."""
    return _refusal(request, 404, "", "Eso ya no existe, o no es suyo para verlo. Recargue la página.")


def too_many_requests(request: HttpRequest, text: str, seconds: int) -> HttpResponse:
    """Answer 429 with the time left: a toast for htmx, a page for a plain form."""
    if getattr(request, "htmx", False):
        response = trigger_client_event(HttpResponse(), "showToast", {"message": text, "type": "warning"})
    else:
        response = render(request, "429.html", {"message": text})
    response.status_code = 429
    response["Retry-After"] = str(seconds)
    return response


def _refusal(request: HttpRequest, status: int, text: str, toast: str) -> HttpResponse:
    if getattr(request, "htmx", False):
        message = {"message": text or toast, "type": "warning"}
        return trigger_client_event(HttpResponse(status=status), "showToast", message)
    return render(request, f"{status}.html", {"message": text}, status=status)
