"""REST client whose requests are answered as the server does: ready answers without Django."""

from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from rest_framework.test import APIClient, ForceAuthClientHandler

from ava.http import fastpath


class _AsServed(ForceAuthClientHandler):
    def __call__(self, environ: dict[str, Any]) -> Any:
        kept = fastpath.find(environ)
        found: Any = kept and fastpath.answer(kept)
        if found is None:
            return super().__call__(environ)
        if environ["REQUEST_METHOD"] == "HEAD":
            found.content = b""
        found.is_fast = True
        found.wsgi_request = WSGIRequest(environ)  # read by Django's test client
        return found


class ServedClient(APIClient):
    """`APIClient` on the fast path where there is one; its answers then are `is_fast`."""

    def __init__(self, **defaults: Any) -> None:
        super().__init__(**defaults)
        self.handler = _AsServed(enforce_csrf_checks=False)
