"""REST client whose requests are answered as the server does: ready answers without Django."""

from collections.abc import Callable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from rest_framework.test import APIClient, ForceAuthClientHandler

from ava.http import fastpath


class _AsServed(ForceAuthClientHandler):
    meanwhile: Callable[[], object] | None = None

    def __call__(self, environ: dict[str, Any]) -> Any:
        kept = fastpath.find(environ)
        if self.meanwhile:
            self.meanwhile()
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
        self.handler = self._served = _AsServed(enforce_csrf_checks=False)

    def meanwhile(self, happens: Callable[[], object] | None) -> None:
        """Have something happen while each request that may be ready is counted."""
        self._served.meanwhile = happens
