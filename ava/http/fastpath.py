"""Fast path: answers that are ready in memory, without Django's handler, URL resolution or DRF.

The middlewares that are not for pages alone are passed as on the long way, so such an answer is
logged, counted and secured like any other. Whatever is not ready takes the long way: docs/adr/0017.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from contextlib import suppress
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed, SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import ResolverMatch, resolve
from django.utils.module_loading import import_string

from ava.http.middleware import GetResponse, OnPages
from ava.http.responses import PROBES

# What sends something that has to be refused.
_LONG_WAY: Final = ("HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_ENCODING")
_ACCEPTED: Final = ("*/*", "application/json", "application/json, text/plain, */*")


class FastAnswer(ABC):
    """Answer to a request that may be in memory. Nothing here waits.

    Attributes:
        group: of the rate limit.
        user: whom that counts besides the client.
        key: what has to be read for it; the same for all requests that one read answers.
    """

    group: str
    user: str | None = None
    key: Hashable | None = None

    def __init__(self, request: WSGIRequest) -> None:
        self.request = request

    def is_ready(self) -> bool:
        """Whether it is in memory."""
        return True

    @abstractmethod
    def make(self) -> HttpResponseBase | None:
        """The answer of the address' own view; None where that has to be asked."""


Find = Callable[[WSGIRequest], FastAnswer | None]
_registered: dict[str, Find] = {}


def register(path: str, find: Find) -> None:
    """Answer this address from memory where `find` finds what may be there."""
    _registered[path] = find


def find(environ: dict[str, Any]) -> FastAnswer | None:
    """The answer that may be in memory; None where the long way answers in any case."""
    path = environ["PATH_INFO"]
    if path not in _registered or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    if not _is_plain(environ):
        return None
    request = WSGIRequest(environ)
    try:
        if path not in PROBES:
            request.get_host()
        return _registered[path](request)
    except SuspiciousOperation:  # an unknown host, too many parameters
        return None


def answer(found: FastAnswer) -> HttpResponseBase | None:
    """The answer as it is sent, if it is ready; else the long way answers."""
    request = found.request
    response = found.make()
    if response is None:
        return None
    request.resolver_match = _match(request.path_info)
    request.ready = response  # type: ignore[attr-defined]  # read by the innermost of the chain
    return _chain()(request)


def _is_plain(environ: dict[str, Any]) -> bool:
    return (
        environ.get("HTTP_ACCEPT", "*/*") in _ACCEPTED
        # Many clients name one on every request.
        and environ.get("CONTENT_TYPE", "") in ("", "application/json", "application/octet-stream")
        and environ.get("CONTENT_LENGTH", "") in ("", "0")
        and not any(name in environ for name in _LONG_WAY)
    )


@cache
def _match(path: str) -> ResolverMatch:
    return resolve(path)


@cache
def _chain() -> GetResponse:
    """The middlewares of all addresses, around the answer that is ready."""
    hooks: list[Callable[..., Any]] = []

    def respond(request: Any) -> HttpResponseBase:
        match = request.resolver_match
        for hook in hooks:
            hook(request, match.func, match.args, match.kwargs)
        return request.ready  # type: ignore[no-any-return]

    chain: Any = respond
    for name in reversed(settings.MIDDLEWARE):
        middleware = import_string(name)
        # A GET of the API has no form's token to check.
        if not issubclass(middleware, (OnPages, CsrfViewMiddleware)):
            with suppress(MiddlewareNotUsed):
                chain = middleware(chain)
                if hasattr(chain, "process_view"):
                    hooks.append(chain.process_view)
    return chain  # type: ignore[no-any-return]


forget = _chain.cache_clear
