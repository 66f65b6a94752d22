"""A person's referral link, as they send it to others."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from vereda.accounts.requests import AuthenticatedRequest


@dataclass(frozen=True, slots=True)
class Invitation:
    """The link, and the one that has WhatsApp send it."""

    url: str
    whatsapp_url: str


def invitation_of(request: AuthenticatedRequest) -> Invitation:
    """Return the invitation of whoever asks, on the host that they see."""
    url = request.build_absolute_uri(f"{reverse('register')}?{urlencode({'ref': request.user.referral_code})}")
    text = f"Le invito a registrarse para saber dónde vota: {url}"
    return Invitation(url, f"https://wa.me/?{urlencode({'text': text})}")
