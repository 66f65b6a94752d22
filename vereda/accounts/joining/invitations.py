"""A person's referral link, as they send it to others, show it and print it."""

from dataclasses import dataclass
from urllib.parse import urlencode

import segno
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from vereda.accounts.requests import AuthenticatedRequest


@dataclass(frozen=True, slots=True)
class Invitation:
    """The link, a short form of it for paper, and the one that has WhatsApp send it."""

    url: str
    short_url: str
    whatsapp_url: str
    is_paused: bool

    @property
    def qr(self) -> segno.QRCode:
        return segno.make(self.url, micro=False)

    @property
    def qr_svg(self) -> SafeString:
        return mark_safe(self.qr.svg_inline(border=2, omitsize=True))  # noqa: S308


def invitation_of(request: AuthenticatedRequest) -> Invitation:
    """Return the invitation of whoever asks, on the host that they see."""
    code = request.user.referral_code
    url = request.build_absolute_uri(f"{reverse('register')}?{urlencode({'ref': code})}")
    short_url = f"{request.get_host()}{reverse('invitation', args=[code])}".rstrip("/")
    text = f"Le invito a registrarse para saber dónde vota: {url}"
    return Invitation(url, short_url, f"https://wa.me/?{urlencode({'text': text})}", request.user.is_link_paused)
