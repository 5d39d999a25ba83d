"""Request bodies: plain UTF-8 only, refused with 415 before anything decodes a byte of them.

Python's codecs are no business of a stranger's: `punycode` takes quadratic time, and `zlib`, `hex`
or `undefined` raise where Django does not expect it. So no charset but UTF-8 may be named at all,
wherever in the header and however written, and no extended parameter (`name*=charset''value`).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ava.http.problems import PayloadTooLarge, Problem, UnsupportedMediaType
from ava.http.responses import answer

# A multipart boundary has 70 characters at most. Parsing takes quadratic time, too.
_LONGEST = 256
_UTF_8 = re.compile(r';[ \t]*charset=("?)utf-?8\1[ \t]*(?=;|$)', re.IGNORECASE)
LARGEST_FORM = 64 * 1024
"""Bytes of a form: Twilio's webhooks and the admin's pages need less. Forms are parsed before their
sender is known, and a megabyte of escapes holds Python's lock for 90 ms."""
_FORMS = ("application/x-www-form-urlencoded", "multipart/")
# Refused like the header it stands for, and harmless to parse.
_REFUSED = "refused; charset=none"


def disarm(environ: dict[str, Any]) -> None:
    """Replace a Content-Type that will be refused: Django's request constructor decodes it."""
    if not _is_utf_8(environ.get("CONTENT_TYPE", "")):
        environ["CONTENT_TYPE"] = _REFUSED


class BodyMiddleware:
    """Refuse a body that AVA does not read. Innermost, so that the refusal is logged and counted,
    and carries what every answer carries."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        refusal = _refusal(request.META)
        return self.get_response(request) if refusal is None else answer(request, refusal)


def _refusal(meta: Mapping[str, Any]) -> Problem | None:
    content_type = meta.get("CONTENT_TYPE", "")
    if not _is_utf_8(content_type):
        return UnsupportedMediaType("Send the body in UTF-8, and name no other charset.")
    if meta.get("HTTP_CONTENT_ENCODING", "").strip().lower() not in ("", "identity"):
        return UnsupportedMediaType("Send the body as it is, without a Content-Encoding.")
    is_form = content_type.strip().lower().startswith(_FORMS)
    if is_form and int(meta.get("CONTENT_LENGTH") or 0) > LARGEST_FORM:
        return PayloadTooLarge()
    return None


def _is_utf_8(content_type: str) -> bool:
    """Whether the header names UTF-8 once, or no charset."""
    if len(content_type) > _LONGEST or not content_type.isascii():
        return False
    rest = _UTF_8.sub("", content_type, count=1).lower()
    return "charset" not in rest and "*" not in rest
