"""Pages: the one at `/`, and the middlewares that no API request needs.

Sessions, messages and the like cost as much as a cached answer of the API, so what is no page
passes them by.
"""

from collections.abc import Callable
from typing import Any

from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from whitenoise.middleware import WhiteNoiseMiddleware

from ava.http.responses import NO_PAGES


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Links to the API's documentation and the admin."""
    return render(request, "home.html")


class _OnPages:
    """A middleware that only pages pass."""

    get_response: Callable[[HttpRequest], Any]

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(NO_PAGES):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]  # Django's middleware


class ContentSecurityPolicy(_OnPages, CSPMiddleware):
    """django-csp's, on pages."""


class StaticFiles(_OnPages, WhiteNoiseMiddleware):
    """WhiteNoise's, on pages."""


class Session(_OnPages, SessionMiddleware):
    """Django's, on pages."""


class Authentication(_OnPages, AuthenticationMiddleware):
    """Django's, on pages."""


class Messages(_OnPages, MessageMiddleware):
    """Django's, on pages."""
