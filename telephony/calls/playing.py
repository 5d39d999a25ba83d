"""Recording of a call as its page plays it: from where the page's content policy lets it come."""

import re
from typing import Final
from urllib.parse import urlsplit

from django.http import HttpResponse

from telephony.calls.models import Call

_HOST: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?")


def source_of(call: Call) -> str:
    """Origin that the recording comes from, such as `https://storage.vapi.ai`; empty where it is at
    no public host. Twilio's want a login, which the browser asks for."""
    try:
        parts = urlsplit(call.recording_url)
    except ValueError:
        return ""
    host = parts.netloc.lower()
    return f"https://{host}" if parts.scheme == "https" and _HOST.fullmatch(host) else ""


def allow(call: Call, response: HttpResponse) -> HttpResponse:
    """The page, whose policy lets the browser play this recording."""
    if source := source_of(call):
        response._csp_update = {"media-src": [source]}  # type: ignore[attr-defined]  # django-csp's
    return response
