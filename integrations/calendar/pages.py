"""Pages that a browser passes when it connects a calendar: out to the provider, and back."""

import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from ava.http.problems import MethodNotAllowed, Problem
from ava.http.responses import NEVER_KEPT, answer
from ava.ratelimit import limited
from integrations.calendar import authorization, links
from integrations.calendar.providers import NAMES

COOKIE = "ava_oauth"
_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")
# Codes and states in the address go nowhere else.
_HEADERS = {**NEVER_KEPT, "Referrer-Policy": "no-referrer"}


@limited("oauth")
def start(request: HttpRequest, provider: str) -> HttpResponse:
    """Send the browser to the provider, and mark it, so that no other one comes back."""
    browser = _browser(request) or secrets.token_urlsafe(32)
    try:
        _require_get(request)
        url = authorization.open_link(
            request_id=request.GET.get("request", ""),
            provider=provider,
            browser=browser,
            visitor=request.user,
            redirect_uri=links.callback(request, provider),
            now=timezone.now(),
        )
    except Problem as problem:
        return answer(request, problem)
    response = HttpResponseRedirect(url, headers=_HEADERS)
    response.set_cookie(
        COOKIE,
        browser,
        max_age=authorization.LIFETIME,
        path=f"{settings.PUBLIC_PREFIX}/oauth/",
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",  # the provider's page leads back to AVA
    )
    return response


@limited("oauth")
def callback(request: HttpRequest, provider: str) -> HttpResponse:
    """The provider sends the browser here. It ends on this page, whatever the query says."""
    try:
        _require_get(request)
        found = authorization.finish(
            provider=provider,
            state=request.GET.get("state", ""),
            code=request.GET.get("code", ""),
            error=request.GET.get("error", ""),
            browser=_browser(request),
            visitor=request.user,
            redirect_uri=links.callback(request, provider),
            now=timezone.now(),
        )
    except Problem as problem:
        response = answer(request, problem)
    else:
        context = {"connection": found, "name": NAMES[provider]}
        response = render(request, "calendar_connected.html", context)
    for name, value in _HEADERS.items():
        response[name] = value
    return response


def _browser(request: HttpRequest) -> str:
    """The mark of this browser, if it has one."""
    value = request.COOKIES.get(COOKIE, "")
    return value if _BROWSER.fullmatch(value) else ""


def _require_get(request: HttpRequest) -> None:
    # No HEAD: what looks ahead at a link must not use it up.
    if request.method != "GET":
        raise MethodNotAllowed(headers={"Allow": "GET"})
