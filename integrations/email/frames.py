"""HTML of mails in a frame of a page: no script, no request, no way out of the frame."""

from typing import Final

from django.http import HttpResponse

POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
"""Mails have their styles in their elements, which the policy of pages does not let in. So the
HTML has an address of its own, whose answer has this one."""


def framed(html: str) -> HttpResponse:
    """The answer of an address that a page shows in `<iframe sandbox>`."""
    response = HttpResponse(html)
    response["Content-Security-Policy"] = POLICY
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response
