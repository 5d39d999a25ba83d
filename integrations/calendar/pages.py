"""Pages that a browser passes when it connects a calendar: out to the provider, and back."""

import re
import secrets

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from ava.http.problems import MethodNotAllowed, Problem
from ava.http.responses import NEVER_KEPT, answer
from ava.ratelimit.views import limited
from integrations.calendar import authorization, links
from integrations.calendar.errors import AuthorizationRefused
from integrations.calendar.models import AuthorizationRequest
from integrations.calendar.providers import NAMES

COOKIE = "ava_oauth"
_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")
# Codes and states in the address go nowhere else. Browsers that may tell nothing send a form
# without its origin, which Django then refuses.
_HEADERS = {**NEVER_KEPT, "Referrer-Policy": "same-origin"}


@limited("oauth")
def start(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Mark the browser, so that no other one comes back, and send it to the provider. Where the
    user is not logged in, the page first says whose AVA account will get the calendar: somebody
    else may have sent the link."""
    browser = _browser(request)
    try:
        _require("GET", "POST", of=request)
        if request.method == "POST" and not browser:  # a form of another site brings no cookie
            raise AuthorizationRefused("This link was not opened in this browser.")
        row = authorization.open_link(
            request_id=request.GET.get("request", ""),
            provider=provider,
            browser=browser or (fresh := secrets.token_urlsafe(32)),
            visitor=request.user,
            now=timezone.now(),
        )
        if request.method == "POST" or request.user.is_authenticated:
            url = authorization.sign_in_url(row, redirect_uri=links.callback(request, provider))
            response: HttpResponseBase = HttpResponseRedirect(url)
        else:
            response = _asked(request, row)
    except Problem as problem:
        return answer(request, problem)
    for name, value in _HEADERS.items():
        response[name] = value
    response.set_cookie(
        COOKIE,
        browser or fresh,
        max_age=authorization.LIFETIME,
        path=f"{settings.PUBLIC_PREFIX}/oauth/",
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",  # the provider's page leads back to AVA
    )
    return response


def _asked(request: HttpRequest, row: AuthorizationRequest) -> HttpResponseBase:
    """The page that names the AVA account. Its form may lead on to the provider: browsers hold
    redirects to `form-action`, too (https://www.w3.org/TR/CSP3/#directive-form-action)."""

    @csp_update({"form-action": [authorization.origin(row.provider)]})
    def page(request: HttpRequest) -> HttpResponseBase:
        context = {"sign_in": row, "name": NAMES[row.provider]}
        return render(request, "calendar_connect.html", context)

    return page(request)


@limited("oauth")
def callback(request: HttpRequest, provider: str) -> HttpResponse:
    """The provider sends the browser here. It ends on this page, whatever the query says."""
    try:
        # No HEAD: what looks ahead at a link must not use it up.
        _require("GET", of=request)
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


def _require(*methods: str, of: HttpRequest) -> None:
    if of.method not in methods:
        raise MethodNotAllowed(headers={"Allow": ", ".join(methods)})
