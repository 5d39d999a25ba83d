"""Addresses of AVA's own pages that a calendar is connected by, as browsers reach them."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from ava.conf import addresses

FEED_KEY = "key"
"""Parameter of the feed's secret, in the query: no log line holds that."""


def start(request: HttpRequest, provider: str, request_id: object) -> str:
    """Link that a sign-in begins with."""
    return f"{_address(request, 'oauth-start', provider)}?request={request_id}"


def callback(request: HttpRequest, provider: str) -> str:
    """The redirect URI: registered at the provider, compared there letter by letter."""
    return _address(request, "oauth-callback", provider)


def feed(request: HttpRequest, secret: str) -> str:
    """Address at which calendar apps find a feed."""
    return f"{_address(request, 'calendar-feed')}?{FEED_KEY}={secret}"


def _address(request: HttpRequest, name: str, *args: str) -> str:
    public: str | None = settings.PUBLIC_URL
    host = addresses.origin(public) if public else f"{request.scheme}://{request.get_host()}"
    return host + reverse(name, args=args)
