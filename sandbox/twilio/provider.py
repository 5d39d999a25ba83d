"""Twilio's routes, keys and pages."""

import base64
import hmac
import math
from typing import Any
from urllib.parse import urlencode

from sandbox.twilio.errors import AUTHENTICATE, NOT_FOUND, error
from sandbox.twilio.seed import ACCOUNT, ACCOUNT_SID, BASE, NUMBERS
from sandbox.wire import Answer, Query, Request, json_answer

AUTH_TOKEN = "twilio-demo-token"
PAGE_SIZE = 50
LARGEST_PAGE = 1000

_BASIC = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()


class Twilio:
    """Twilio, for one account."""

    def answer(self, request: Request) -> Answer:
        """Do what the request asks."""
        if not _authentic(request):
            return error(401, *AUTHENTICATE)
        if request.method in ("GET", "HEAD"):
            if request.path == f"{BASE}.json":
                return json_answer(200, ACCOUNT)
            if request.path == f"{BASE}/IncomingPhoneNumbers.json":
                return json_answer(200, _page("incoming_phone_numbers", NUMBERS, request))
        code, message = NOT_FOUND
        return error(404, code, message.format(path=request.path))

    def failure(self, status: int) -> Answer:
        """Twilio's error body for a status."""
        return error(status)

    def reset(self) -> None:
        """Nothing changes yet, so nothing is to be brought back."""


def _authentic(request: Request) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "basic" and hmac.compare_digest(
        given.strip().encode(), _BASIC.encode()
    )


def _page(name: str, items: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    size = min(max(_whole(request.query, "PageSize", PAGE_SIZE), 1), LARGEST_PAGE)
    page = max(_whole(request.query, "Page", 0), 0)
    pages = max(math.ceil(len(items) / size), 1)
    start = page * size
    shown = items[start : start + size]

    def uri(number: int) -> str:
        kept = [(k, v) for k, v in request.query if k not in ("Page", "PageSize", "PageToken")]
        return f"{request.path}?{urlencode([*kept, ('PageSize', size), ('Page', number)])}"

    return {
        "first_page_uri": uri(0),
        "end": max(start + len(shown) - 1, 0),
        name: shown,
        "next_page_uri": uri(page + 1) if page + 1 < pages else None,
        "page": page,
        "page_size": size,
        "previous_page_uri": uri(page - 1) if page else None,
        "start": start,
        "uri": uri(page),
    }


def _whole(query: Query, name: str, default: int) -> int:
    text = dict(query).get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default
